import { type Selectable, sql, type Transaction } from 'kysely';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Address, type Digest, digest, type Instant, type Round, type StudyId } from '../../core/values.ts';
import type { ContractError } from '../chain/revert.ts';
import type { Database } from '../db/connect.ts';
import type { OutboxTable, Schema } from '../db/schema.ts';
import { noteMove } from '../db/transact.ts';
import type { OutboxKind, OutboxMessage, OutboxStatus } from './port.ts';
import { afterEvent, type OutboxEvent } from './tables.ts';

export type OutboxRow = Selectable<OutboxTable>;

/** What a transition writes beside the state. */
export type OutboxChange = Partial<
  Pick<OutboxRow, 'signer' | 'nonce' | 'raw' | 'transaction' | 'block' | 'block_hash'>
> & { readonly error?: ContractError };

/** The fields of a row that was never signed. */
export const UNSIGNED = {
  signer: null,
  nonce: null,
  raw: null,
  transaction: null,
  block: null,
  block_hash: null,
} as const;

/**
 * Puts a message in, within the caller's transaction. The same again changes nothing; a row that the chain refused
 * is renewed by another message.
 *
 * @throws SyndicError STATE_CONFLICT when another message is under way under this name
 */
export async function insertMessage(tx: Transaction<Schema>, message: OutboxMessage, now: Instant): Promise<void> {
  const { study, kind, round } = message;
  const calldata = message.calldata.toLowerCase();
  const inserted = await tx
    .insertInto('outbox')
    .values({ ...UNSIGNED, study, kind, round, calldata, state: 'pending', error: null, created: now, updated: now })
    .onConflict((conflict) => conflict.columns(['study', 'kind', 'round']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) return;
  const row = await tx
    .selectFrom('outbox')
    .selectAll()
    .where('study', '=', study)
    .where('kind', '=', kind)
    .where('round', '=', round)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (row.state === 'refused') {
    await tx
      .updateTable('outbox')
      .set({ ...UNSIGNED, calldata, state: afterEvent('refused', 'renewed'), error: null, updated: now })
      .where('id', '=', row.id)
      .execute();
    noteMove(tx, 'outbox', 'refused', 'renewed');
  } else if (row.calldata !== calldata) {
    throw new SyndicError(
      'STATE_CONFLICT',
      `another ${kind} of study ${study}, round ${round}, is ${row.state} already`,
      {
        study,
        kind,
        round,
        state: row.state,
      },
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

export async function rowById(db: Database, id: number): Promise<OutboxRow> {
  return await db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
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

/**
 * Moves a row on if it is still as the caller saw it (same state, same signed bytes). Null when another process was
 * faster; nothing is written then.
 */
export async function transition(
  db: Database | Transaction<Schema>,
  row: OutboxRow,
  event: OutboxEvent,
  { error, ...change }: OutboxChange,
  now: Instant,
): Promise<OutboxRow | null> {
  const moved = await db
    .updateTable('outbox')
    .set({
      ...change,
      state: afterEvent(row.state, event),
      updated: now,
      ...(error === undefined ? {} : { error: JSON.stringify(error) }),
    })
    .where('id', '=', row.id)
    .where('state', '=', row.state)
    .where(({ eb }) => (row.raw === null ? eb('raw', 'is', null) : eb('raw', '=', row.raw)))
    .returningAll()
    .executeTakeFirst();
  return moved ?? null;
}

/** Runs `sign` with the signer's next unused nonce as the database knows it; one process at a time a signer. */
export async function withNextNonce<T>(
  db: Database,
  signer: Address,
  sign: (tx: Transaction<Schema>, next: number) => Promise<T>,
): Promise<T> {
  return await db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`syndic.nonce.${signer}`}, 0))`.execute(tx);
    const stored = await tx
      .selectFrom('outbox')
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
): Promise<OutboxStatus | null> {
  const row = await db
    .selectFrom('outbox')
    .selectAll()
    .where('study', '=', study)
    .where('kind', '=', kind)
    .where('round', '=', round)
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
