import { OUTCOME } from '../../core/statements/entries.ts';
import { digest, type Slot, type StudyId } from '../../core/values.ts';
import { encodeStartStudy } from '../anchor/calldata.ts';
import type { OutboxStatus } from '../anchor/port.ts';
import { end } from './close.ts';
import type { Context } from './context.ts';
import { moveStudy, tell, transition } from './move.sql.ts';
import { tryAgain } from './refusal.ts';
import type { StudyRow } from './rows.sql.ts';
import { idle, poll, type Step } from './Step.ts';

/** opening → open, once the ledger has the study; → closed when it refuses to open it. */
export async function stepOpening(context: Context, study: StudyRow): Promise<Step> {
  const id = digest(study.id);
  const status = await context.anchor.status(id, 'open', 0);
  if (status?.state === 'refused') return reject(context, study, status);
  if (status?.state !== 'final' || (await context.chain.study(id)) === null) return poll(context);
  await transition(context, 'study.open', async (tx) => {
    await moveStudy(tx, study, 'opened');
    await tell(tx, context, { study: id, type: 'study.opened', data: { transaction: status.transaction } });
  });
  return 'moved';
}

async function reject(context: Context, study: StudyRow, { error }: OutboxStatus): Promise<Step> {
  context.log.error({ study: study.id, error }, 'the ledger refused to open a study');
  await transition(context, 'study.closed', async (tx) => {
    await moveStudy(tx, study, 'rejected', { outcome: OUTCOME.FAILED });
    await tell(tx, context, { study: study.id, type: 'study.rejected', data: { error } });
  });
  return 'moved';
}

/** open → starting, once enough grants are live or the operator ordered it; → running when it started it itself. */
export async function stepOpen(context: Context, study: StudyRow): Promise<Step> {
  const id = digest(study.id);
  const onChain = await context.chain.study(id);
  if (onChain?.started) return started(context, study, await context.chain.roster(id));
  if (study.abort_reason !== null) return end(context, study, OUTCOME.ABORTED, study.abort_reason);
  if (study.paused) return idle;
  const joined = await context.chain.roster(id);
  if (joined.length < (await wanted(context, study))) return poll(context);
  await transition(context, 'study.starting', async (tx) => {
    await moveStudy(tx, study, 'starting');
    await tell(tx, context, { study: id, type: 'study.starting', data: { slots: joined } });
    await context.anchor.enqueue(tx, startMessage(id));
  });
  return 'moved';
}

/** Grants that must be live before the start. */
async function wanted(context: Context, study: StudyRow): Promise<number> {
  if (study.start_ordered_by !== null) return study.min_included;
  return Math.max(study.min_included, (await context.plan(study.plan)).startAt);
}

/** starting → running, once the ledger says so; back to open when grants ended in the meantime. */
export async function stepStarting(context: Context, study: StudyRow): Promise<Step> {
  const id = digest(study.id);
  const status = await context.anchor.status(id, 'start', 0);
  const onChain = await context.chain.study(id);
  if (onChain?.started) return started(context, study, await context.chain.roster(id));
  if (status?.state !== 'refused') return poll(context);
  if (status.error?.name === 'AlreadyStarted') return poll(context);
  if (status.error?.name !== 'TooFewMembers') return tryAgain(context, startMessage(id), status);
  await transition(context, 'study.open', async (tx) => {
    await moveStudy(tx, study, 'startRefused');
    await tell(tx, context, { study: id, type: 'study.start_refused', data: { error: status.error } });
  });
  // Not at once: the view that counted enough grants may be behind the block that counted too few.
  return poll(context);
}

async function started(context: Context, study: StudyRow, roster: readonly Slot[]): Promise<Step> {
  await transition(context, 'study.running', async (tx) => {
    await moveStudy(tx, study, 'started');
    await tell(tx, context, { study: study.id, type: 'study.started', data: { roster } });
  });
  return 'moved';
}

function startMessage(study: StudyId) {
  return { study, kind: 'start', round: 0, calldata: encodeStartStudy(study) } as const;
}
