import type { ErrorCode } from '../../core/errors/codes.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { digest, instant, round, type Slot, slot } from '../../core/values.ts';
import type { Context } from './context.ts';
import type { OfferedTask, TaskProgress } from './port.ts';
import { anyAtWork, extendLease, findTask, openTasks, refuseTask } from './tasks.sql.ts';

/**
 * A task ended: the last one of its round moves the study on. To be called after the commit, so that of two that end at
 * once the later one sees both.
 */
export async function taskIsOver(
  { db, queue }: Pick<Context, 'db' | 'queue'>,
  round: { readonly study: string; readonly round: number },
): Promise<void> {
  if (!(await anyAtWork(db, round))) await queue.wake(digest(round.study));
}

export async function tasksFor({ db, clock }: Context, of: Slot): Promise<OfferedTask[]> {
  const rows = await openTasks(db, of, clock.now());
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    study: digest(row.study),
    round: round(row.round),
    slot: slot(row.slot),
    plan: digest(row.plan),
    baseModel: digest(row.base_model),
    opened: instant(row.opened),
    deadline: instant(row.deadline),
    recordBy: instant(row.record_by),
  }));
}

/** Extends the leases of tasks still wanted; names the others, and why. */
export async function heartbeat(
  context: Context,
  of: Slot,
  tasks: readonly TaskProgress[],
): Promise<{ id: string; reason: string }[]> {
  const over: { id: string; reason: string }[] = [];
  for (const task of tasks) {
    if (await extendLease(context, of, task)) continue;
    const found = await findTask(context.db, of, task.id);
    over.push({ id: task.id, reason: found === null ? 'the task is unknown' : `the task is ${found.state}` });
  }
  return over;
}

/**
 * The member will not do it. Said twice, it is one refusal.
 *
 * @throws SyndicError TASK_UNKNOWN, STATE_CONFLICT when its update was accepted before
 */
export async function refuse(context: Context, of: Slot, id: string, code: ErrorCode, message: string): Promise<void> {
  const task = await findTask(context.db, of, id);
  if (task === null) {
    throw new SyndicError('TASK_UNKNOWN', `slot ${of} has no such task: ask for the tasks that are open`);
  }
  await refuseTask(context, task, { code, message });
  const now = await findTask(context.db, of, id);
  if (now?.state === 'accepted') {
    throw new SyndicError('STATE_CONFLICT', 'the update was accepted and has its receipt: it cannot be refused');
  }
  await taskIsOver(context, task);
}
