import { randomBytes } from 'node:crypto';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Digest, Instant, Slot } from '../../core/values.ts';
import type { Database, DatabaseTransaction } from '../db/connect.ts';
import { noteMove, transact } from '../db/transact.ts';
import type { Crash } from '../modules.ts';
import { adoptUploads } from '../studies/adoptUploads.sql.ts';
import { nextState, TASK } from '../studies/tables.ts';
import { conflictMessage } from './accept.sql.ts';
import type { Held } from './held.ts';

interface AdoptModules {
  readonly db: Database;
  readonly crash?: Crash | undefined;
}

export interface Adopted {
  /** False when the database knew it. */
  readonly fresh: boolean;
  /** The task whose round waits for the update's bytes; null: it does not. */
  readonly wanted: string | null;
}

/** Seconds that the study's plan gives a round, and its record. */
export interface RoundTimes {
  readonly roundSeconds: number;
  readonly recordWithin: number;
}

/** The plan under which a study is known here; null: it is not. */
export async function planOf(db: Database, study: Digest): Promise<string | null> {
  const row = await db.selectFrom('studies').select('plan').where('id', '=', study).executeTakeFirst();
  return row?.plan ?? null;
}

/** Whether this very receipt stands in the database. */
export async function knowsReceipt(
  db: Database,
  { study, round, slot }: { study: Digest; round: number; slot: Slot },
  receipt: Digest,
): Promise<boolean> {
  const task = db.selectFrom('tasks').select('id').where('study', '=', study).where('round', '=', round);
  const found = await task.where('slot', '=', slot).where('receipt', '=', receipt).executeTakeFirst();
  return found !== undefined;
}

/**
 * Makes a receipt of this coordinator's own that its database does not know as final as any other: round, task, upload
 * and event change together or not at all.
 *
 * @param isMissing whether the store lacks the update's bytes, for which the round then waits; asked under the task's
 * lock, so that whatever brings them comes before or sees that they are waited for
 * @throws SyndicError ROUND_NOT_OPEN, WRONG_BASE, UPDATE_CONFLICT, STATE_CONFLICT
 */
export async function adoptReceipt(
  modules: AdoptModules,
  held: Held,
  times: RoundTimes,
  isMissing: () => Promise<boolean>,
  now: Instant,
): Promise<Adopted> {
  const { study, round, slot, update } = held.statement;
  return transact(modules, async (tx) => {
    const row = await lockRound(tx, held);
    const open = row.state === 'open' || row.state === 'collecting';
    const task = await lockTask(tx, held);
    const missing = await isMissing();
    if (task?.state === 'accepted') {
      if (task.statement !== held.statementDigest) throw new SyndicError('UPDATE_CONFLICT', conflictMessage(round));
      if (open && missing) await awaitBytes(tx, held, task.id);
      return { fresh: false, wanted: open && missing ? task.id : null };
    }
    if (!open) throw new SyndicError('ROUND_NOT_OPEN', `round ${round} is ${row.state} without this update`);
    if (row.state === 'open') await keepTimes(tx, held, times);
    const id = task?.id ?? randomBytes(16).toString('hex');
    if (task === undefined) await insertTask(tx, held, id);
    else await moveTask(tx, held, task);
    if (missing) await awaitBytes(tx, held, id);
    else await adoptUploads(tx, id, update);
    const { statementDigest: statement, reportDigest: report, receiptDigest: receipt } = held;
    const data = { task: id, update, samples: held.statement.samples, statement, report, receipt };
    await tx
      .insertInto('events')
      .values({ at: now, study, round, slot, type: 'update.adopted', data: JSON.stringify(data) })
      .execute();
    return { fresh: true, wanted: missing ? id : null };
  });
}

/** A member has said all: its rounds need not wait for it, except for bytes. @returns studies that waited */
export async function endAwaited(db: Database, slot: Slot): Promise<string[]> {
  const gone = db.deleteFrom('awaited').where('slot', '=', slot).where('update', 'is', null).returning('study');
  return [...new Set((await gone.execute()).map(({ study }) => study))];
}

async function lockRound(tx: DatabaseTransaction, { statement: { study, round, baseModel } }: Held) {
  const row = await tx
    .selectFrom('rounds')
    .select(['state', 'base_model'])
    .where('study', '=', study)
    .where('round', '=', round)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new SyndicError('ROUND_NOT_OPEN', `round ${round} is not known here: answer its task`);
  if (row.base_model === baseModel) return row;
  throw new SyndicError('WRONG_BASE', `the receipt names base ${baseModel}; round ${round}'s is ${row.base_model}`);
}

async function lockTask(tx: DatabaseTransaction, { statement: { study, round, slot } }: Held) {
  const task = tx.selectFrom('tasks').select(['id', 'state', 'statement']).where('study', '=', study);
  return await task.where('round', '=', round).where('slot', '=', slot).forUpdate().executeTakeFirst();
}

/** All receipts of a round promise the same time: the first one says when the round was opened before. */
async function keepTimes(tx: DatabaseTransaction, held: Held, { roundSeconds, recordWithin }: RoundTimes) {
  const { study, round } = held.statement;
  const of = tx.selectFrom('tasks').select('id').where('study', '=', study).where('round', '=', round);
  if ((await of.executeTakeFirst()) !== undefined) return;
  const deadline = Math.max(0, held.recordBy - recordWithin);
  const opened = Math.max(0, deadline - roundSeconds);
  await tx
    .updateTable('rounds')
    .set({ opened, deadline, record_by: held.recordBy })
    .where('study', '=', study)
    .where('round', '=', round)
    .execute();
}

function acceptedValues(held: Held) {
  const { update, samples } = held.statement;
  const { statementDigest: statement, reportDigest: report, receiptDigest: receipt } = held;
  return { update, samples, statement, report, receipt, metrics: JSON.stringify(held.report.metrics) };
}

async function insertTask(tx: DatabaseTransaction, held: Held, id: string): Promise<void> {
  const { study, round, slot } = held.statement;
  const blank = { lease_until: null, phase: null, refusal_code: null, refusal_message: null };
  await tx
    .insertInto('tasks')
    .values({ id, study, round, slot, kind: 'train', state: 'accepted', ...blank, ...acceptedValues(held) })
    .execute();
}

async function moveTask(
  tx: DatabaseTransaction,
  held: Held,
  task: NonNullable<Awaited<ReturnType<typeof lockTask>>>,
): Promise<void> {
  if (task.state !== 'offered' && task.state !== 'leased') {
    throw new SyndicError('STATE_CONFLICT', `the task of round ${held.statement.round} is ${task.state}`);
  }
  await tx
    .updateTable('tasks')
    .set({ state: nextState(TASK, task.state, 'adopted'), lease_until: null, ...acceptedValues(held) })
    .where('id', '=', task.id)
    .execute();
  noteMove(tx, 'task', task.state, 'adopted');
}

async function awaitBytes(tx: DatabaseTransaction, held: Held, task: string): Promise<void> {
  const { study, round, slot, update } = held.statement;
  await tx.deleteFrom('uploads').where('task', '=', task).execute();
  await tx
    .insertInto('awaited')
    .values({ study, round, slot, update, until: null })
    .onConflict((conflict) => conflict.columns(['study', 'round', 'slot']).doUpdateSet({ update }))
    .execute();
}
