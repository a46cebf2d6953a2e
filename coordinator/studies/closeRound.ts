import { OUTCOME } from '../../core/statements/entries.ts';
import { noteMove } from '../db/transact.ts';
import { secondsAwaited } from './awaited.sql.ts';
import type { Context } from './context.ts';
import { moveRound, type Tx, tell, transition } from './move.sql.ts';
import { type RoundRow, type StudyRow, type TaskRow, tasksOf } from './rows.sql.ts';
import type { Step } from './Step.ts';
import { nextState, TASK, TASK_AT_WORK } from './tables.ts';
import { releaseLapsed } from './tasks.sql.ts';

/** collecting → closed when every task is over, the deadline has passed, or the study is aborted. */
export async function stepCollecting(context: Context, study: StudyRow, round: RoundRow): Promise<Step> {
  const awaited = await secondsAwaited(context, round);
  const tasks = await tasksOf(context.db, round);
  const now = context.clock.now();
  const over = tasks.every(({ state }) => !TASK_AT_WORK.includes(state));
  // The deadline itself still counts: intake takes what comes in that second.
  const ends = over || now > round.deadline || study.abort_reason !== null;
  if (ends && awaited === null) return closeRound(context, study, round);
  await releaseLapsed(context, round);
  const change = Math.max(1, nextChange(round, tasks) - now);
  return { wait: awaited === null || !ends ? change : awaited };
}

/** When a lease or the round runs out, whatever comes first. */
function nextChange(round: RoundRow, tasks: readonly TaskRow[]): number {
  const leases = tasks.flatMap(({ lease_until }) => (lease_until === null ? [] : [lease_until + 1]));
  return Math.min(round.deadline + 1, ...leases);
}

/** Nothing is accepted from here on; an upload that is being accepted this instant comes first, and counts. */
export async function closeRound(context: Context, study: StudyRow, round: RoundRow): Promise<Step> {
  const aborted = study.abort_reason !== null;
  const closed = context.clock.now();
  await transition(context, 'round.closed', async (tx) => {
    await moveRound(tx, round, 'closed', { closed, ...(aborted ? { outcome: OUTCOME.ABORTED } : {}) });
    await endTasks(tx, round, aborted ? 'cancelled' : 'expired');
    const reason = aborted ? study.abort_reason : null;
    await tell(tx, context, { study: study.id, round: round.round, type: 'round.closed', data: { aborted, reason } });
  });
  return 'moved';
}

async function endTasks(tx: Tx, { study, round }: RoundRow, event: 'cancelled' | 'expired'): Promise<void> {
  for (const state of TASK_AT_WORK) {
    const ended = await tx
      .updateTable('tasks')
      .set({ state: nextState(TASK, state, event), lease_until: null })
      .where('study', '=', study)
      .where('round', '=', round)
      .where('state', '=', state)
      .executeTakeFirst();
    if (ended.numUpdatedRows > 0n) noteMove(tx, 'task', state, event);
  }
}
