import { randomBytes } from 'node:crypto';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import type { Manifest, ManifestEntry } from '../../../core/manifest/Manifest.ts';
import { decodeReport } from '../../../core/manifest/Report.ts';
import { OUTCOME } from '../../../core/statements/entries.ts';
import type { Digest } from '../../../core/values.ts';
import type { ChainEntry, ChainRound } from '../../chain/port.ts';
import { noteMove } from '../../db/transact.ts';
import { adoptUploads } from '../adoptUploads.sql.ts';
import type { Tx } from '../move.sql.ts';
import { type RoundRow, type TaskRow, tasksOf } from '../rows.sql.ts';
import { nextState, TASK } from '../tables.ts';
import type { RecoveryContext } from './context.ts';

/** What became of a roster slot's task, by the record of its round. */
export interface RecordedTask {
  readonly slot: number;
  /** Null: nothing of the member was accepted. */
  readonly accepted: AcceptedValues | null;
  /** How the task ended otherwise. */
  readonly ended: 'expired' | 'cancelled';
}

type AcceptedValues = {
  readonly update: Digest;
  readonly samples: number;
  readonly statement: Digest;
  readonly report: Digest;
  readonly receipt: Digest;
  /** Of the report, as JSON text. */
  readonly metrics: string;
};

export async function recordedTasks(
  context: Pick<RecoveryContext, 'document'>,
  { entries, outcome }: ChainRound,
  manifest: Manifest,
): Promise<RecordedTask[]> {
  const documents = new Map(manifest.entries.map((entry) => [entry.slot, entry]));
  const tasks: RecordedTask[] = [];
  for (const entry of entries) {
    const accepted = await acceptedOf(context, entry, documents.get(entry.slot));
    tasks.push({ slot: entry.slot, accepted, ended: outcome === OUTCOME.ABORTED ? 'cancelled' : 'expired' });
  }
  return tasks;
}

async function acceptedOf(
  { document }: Pick<RecoveryContext, 'document'>,
  { update, samples }: ChainEntry,
  entry: ManifestEntry | undefined,
): Promise<AcceptedValues | null> {
  const { statement, report, receipt } = entry ?? {};
  if (statement === undefined || report === undefined || receipt === undefined) return null;
  const { metrics } = decodeReport(await document(report));
  return { update, samples, statement, report, receipt, metrics: JSON.stringify(metrics) };
}

/** @throws SyndicError STATE_CONFLICT when the database accepted another update than the record names */
export async function adoptTasks(
  tx: Tx,
  of: Pick<RoundRow, 'study' | 'round'>,
  recorded: readonly RecordedTask[],
): Promise<void> {
  const known = new Map((await tasksOf(tx, of)).map((task) => [task.slot, task]));
  const added: RecordedTask[] = [];
  for (const task of recorded) {
    const row = known.get(task.slot);
    if (row === undefined) added.push(task);
    else await adoptTask(tx, row, task);
  }
  if (added.length === 0) return;
  await tx
    .insertInto('tasks')
    .values(added.map((task) => ({ ...rowOf(task), ...of })))
    .execute();
}

async function adoptTask(tx: Tx, row: TaskRow, { accepted, ended }: RecordedTask): Promise<void> {
  if (row.state === 'accepted') return checkSame(row, accepted);
  if (row.state !== 'offered' && row.state !== 'leased') return;
  const event = accepted === null ? ended : 'adopted';
  await tx
    .updateTable('tasks')
    .set({ state: nextState(TASK, row.state, event), lease_until: null, ...accepted })
    .where('id', '=', row.id)
    .execute();
  noteMove(tx, 'task', row.state, event);
  await adoptUploads(tx, row.id, accepted?.update ?? null);
}

function checkSame({ study, round, slot, update }: TaskRow, accepted: AcceptedValues | null): void {
  if (accepted?.update === update) return;
  throw new SyndicError(
    'STATE_CONFLICT',
    `the database accepted update ${update} of slot ${slot} for round ${round} of study ${study}, and the record names ` +
      `${accepted?.update ?? 'none'}: this is no copy of this coordinator's database; recover into an empty one`,
    { study, round, slot },
  );
}

function rowOf({ slot, accepted, ended }: RecordedTask) {
  const blank = { lease_until: null, phase: null, refusal_code: null, refusal_message: null };
  const none = { update: null, samples: null, statement: null, report: null, receipt: null, metrics: null };
  const state = accepted === null ? ended : ('accepted' as const);
  return { id: randomBytes(16).toString('hex'), slot, kind: 'train', state, ...blank, ...(accepted ?? none) };
}
