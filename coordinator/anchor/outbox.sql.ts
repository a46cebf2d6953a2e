import { type Selectable, sql, type Transaction } from 'kysely';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import {
  type Address,
  type Digest,
  digest,
  type Instant,
  type Round,
  type Slot,
  type StudyId,
} from '../../core/values.ts';
import type { ContractError } from '../chain/revert.ts';
import type { Database } from '../db/connect.ts';
import type { OutboxTable, Schema, TransactionsTable } from '../db/schema.ts';
import { noteMove } from '../db/transact.ts';
import { machineOf, VERDICT_KINDS } from './kinds.ts';
import type { OutboxKind, OutboxMessage, OutboxStatus } from './port.ts';
import { afterEvent, type OutboxEvent } from './tables.ts';

export type OutboxRow = Selectable<OutboxTable>;

/**
 * Rows that one transaction carries, in the order of its calls, or one row that none carries. From the signature on
 * they share state, signer, nonce and transaction, and move together.
 */
export type Parcel = readonly [OutboxRow, ...OutboxRow[]];

/** Signed bytes as they were offered for a nonce. */
export type Offer = Selectable<TransactionsTable>;
export type NewOffer = Pick<Offer, 'hash' | 'signer' | 'nonce' | 'raw' | 'offered'>;

/** What a transition writes beside the state. */
export type OutboxChange = Partial<Pick<OutboxRow, 'signer' | 'nonce' | 'transaction' | 'block' | 'block_hash'>> & {
  readonly error?: ContractError;
  /** Stored with the move, or not at all. */
  readonly offer?: NewOffer;
};

/** The fields of a row that was never signed. */
export const UNSIGNED = { signer: null, nonce: null, transaction: null, block: null, block_hash: null } as const;

/**
 * Puts a message in, within the caller's transaction. The same again changes nothing; a row that the chain refused
 * is renewed by another message.
 *
 * @throws SyndicError STATE_CONFLICT when another message is under way under this name
 */
export async function insertMessage(tx: Transaction<Schema>, message: OutboxMessage, now: Instant): Promise<void> {
  const { study, kind, round, slot = 0 } = message;
  const calldata = message.calldata.toLowerCase();
  const inserted = await tx
    .insertInto('outbox')
    .values({
      ...{ ...UNSIGNED, study, kind, round, slot, calldata },
      ...{ state: 'pending', error: null, created: now, updated: now },
    })
    .onConflict((conflict) => conflict.columns(['study', 'kind', 'round', 'slot']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) return;
  const row = await tx
    .selectFrom('outbox')
    .selectAll()
    .where('study', '=', study)
    .where('kind', '=', kind)
    .where('round', '=', round)
    .where('slot', '=', slot)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (row.state === 'refused') {
    await tx
      .updateTable('outbox')
      .set({ ...UNSIGNED, calldata, state: afterEvent('refused', 'renewed'), error: null, updated: now })
      .where('id', '=', row.id)
      .execute();
    noteMove(tx, machineOf(kind), 'refused', 'renewed');
  } else if (row.calldata !== calldata) {
    const whose = slot === 0 ? '' : ` of slot ${slot}`;
    throw new SyndicError(
      'STATE_CONFLICT',
      `another ${kind}${whose} of study ${study}, round ${round}, is ${row.state} already`,
      { study, kind, round, ...(slot === 0 ? {} : { slot }), state: row.state },
    );
  }
}

/** Rows that are neither final nor refused, oldest first. */
export async function unfinishedRows(db: Database): Promise<OutboxRow[]> {
  return await db
    .selectFrom('outbox')
    .selectAll()
    .where('state', 'not in', ['final', 'refused'])
    .orderBy('id')
    .execute();
}

/** Whether what the coordinator said before in the same study may still be taken back by a reorg. */
export async function hasUnfinishedBefore(db: Database, { id, study }: OutboxRow): Promise<boolean> {
  const row = await db
    .selectFrom('outbox')
    .select('id')
    .where('study', '=', study)
    .where('id', '<', id)
    .where('kind', 'not in', VERDICT_KINDS)
    .where('state', 'not in', ['final', 'refused'])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The highest block that a message of this study is known to stand in; 0 when there is none. */
export async function lastBlock(db: Database, study: string): Promise<number> {
  const row = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.max('block').as('block'))
    .where('study', '=', study)
    .executeTakeFirst();
  return Number(row?.block ?? 0);
}

/** Everything that was offered for a nonce, oldest first. */
export async function offersOf(db: Database, signer: string, nonce: number): Promise<Offer[]> {
  return await db
    .selectFrom('transactions')
    .selectAll()
    .where('signer', '=', signer)
    .where('nonce', '=', nonce)
    .orderBy('serial')
    .execute();
}

/** What carries no message; the same again changes nothing. */
export async function insertOffer(db: Database, offer: NewOffer): Promise<void> {
  await db
    .insertInto('transactions')
    .values(offer)
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .execute();
}

/** Another process was faster. */
class Outrun extends Error {}

/** Runs `work` in a transaction; null, and nothing written, when a row of its moves was not as the caller saw it. */
export async function attempt<T>(db: Database, work: (tx: Transaction<Schema>) => Promise<T>): Promise<T | null> {
  try {
    return await db.transaction().execute(work);
  } catch (thrown) {
    if (thrown instanceof Outrun) return null;
    throw thrown;
  }
}

/** Moves a parcel on, within `attempt`, if all its rows are still as the caller saw them: same state, same transaction. */
export async function transition(
  tx: Transaction<Schema>,
  parcel: Parcel,
  event: OutboxEvent,
  { error, offer, ...change }: OutboxChange,
  now: Instant,
): Promise<Parcel> {
  const [{ state, transaction }] = parcel;
  if (offer !== undefined) await tx.insertInto('transactions').values(offer).execute();
  const moved = await tx
    .updateTable('outbox')
    .set({
      ...change,
      state: afterEvent(state, event),
      updated: now,
      ...(error === undefined ? {} : { error: JSON.stringify(error) }),
    })
    .where(
      'id',
      'in',
      parcel.map(({ id }) => id),
    )
    .where('state', '=', state)
    .where('transaction', 'is not distinct from', transaction)
    .returningAll()
    .execute();
  const [first, ...others] = parcel.map(({ id }) => moved.find((row) => row.id === id));
  if (first === undefined || !others.every((row) => row !== undefined)) throw new Outrun();
  return [first, ...others];
}

/**
 * Runs `sign` with the signer's next unused nonce as the database knows it; one process at a time a signer. Null as
 * `attempt`.
 */
export async function withNextNonce<T>(
  db: Database,
  signer: Address,
  sign: (tx: Transaction<Schema>, next: number) => Promise<T>,
): Promise<T | null> {
  return await attempt(db, async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`syndic.nonce.${signer}`}, 0))`.execute(tx);
    const stored = await tx
      .selectFrom('transactions')
      .select(({ fn }) => fn.max('nonce').as('nonce'))
      .where('signer', '=', signer)
      .executeTakeFirst();
    return await sign(tx, stored?.nonce == null ? 0 : Number(stored.nonce) + 1);
  });
}

export async function statusOf(
  db: Database,
  study: StudyId,
  kind: OutboxKind,
  round: Round | 0,
  slot: Slot | 0 = 0,
): Promise<OutboxStatus | null> {
  const row = await db
    .selectFrom('outbox')
    .selectAll()
    .where('study', '=', study)
    .where('kind', '=', kind)
    .where('round', '=', round)
    .where('slot', '=', slot)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { state, transaction, block } = row;
  return { state, transaction: digestOrNull(transaction), block, error: errorOf(row.error) };
}

function digestOrNull(text: string | null): Digest | null {
  return text === null ? null : digest(text);
}

function errorOf(stored: unknown): OutboxStatus['error'] {
  if (typeof stored !== 'object' || stored === null || !('name' in stored) || !('args' in stored)) return null;
  return { name: String(stored.name), args: Array.isArray(stored.args) ? stored.args.map(String) : [] };
}
