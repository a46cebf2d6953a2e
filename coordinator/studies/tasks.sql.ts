import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Slot } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import { noteMove, transact } from '../db/transact.ts';
import type { Context } from './context.ts';
import { type Tx, tell, transition } from './move.sql.ts';
import type { TaskProgress } from './port.ts';
import type { RoundRow, TaskRow } from './rows.sql.ts';
import { nextState, TASK, TASK_AT_WORK } from './tables.ts';

/** Tasks of a member that it may work on, with what their rounds and studies say. */
export async function openTasks(db: Database, slot: Slot, now: number) {
  return db
    .selectFrom('tasks')
    .innerJoin('rounds', (join) =>
      join.onRef('rounds.study', '=', 'tasks.study').onRef('rounds.round', '=', 'tasks.round'),
    )
    .innerJoin('studies', 'studies.id', 'tasks.study')
    .select(['tasks.id', 'tasks.kind', 'tasks.study', 'tasks.round', 'tasks.slot', 'studies.plan'])
    .select(['rounds.base_model', 'rounds.opened', 'rounds.deadline', 'rounds.record_by'])
    .where('tasks.slot', '=', slot)
    .where('tasks.state', 'in', [...TASK_AT_WORK])
    .where('rounds.state', '=', 'collecting')
    .where('rounds.deadline', '>=', now)
    .orderBy('tasks.study')
    .execute();
}

export async function findTask(db: Database, slot: Slot, id: string): Promise<TaskRow | null> {
  const found = db.selectFrom('tasks').selectAll().where('id', '=', id).where('slot', '=', slot);
  return (await found.executeTakeFirst()) ?? null;
}

/** Whether a round still waits for somebody's task. */
export async function anyAtWork(db: Database, { study, round }: Pick<RoundRow, 'study' | 'round'>): Promise<boolean> {
  const task = db.selectFrom('tasks').select('id').where('study', '=', study).where('round', '=', round);
  return (
    (await task
      .where('state', 'in', [...TASK_AT_WORK])
      .limit(1)
      .executeTakeFirst()) !== undefined
  );
}

/** Notes progress and extends the lease. False when the task is over, or is none of this member's. */
export async function extendLease(
  context: Context,
  slot: Slot,
  { id, phase, done, total }: TaskProgress,
): Promise<boolean> {
  const now = context.clock.now();
  const lease_until = now + context.options.leaseSeconds;
  return transact(context, async (tx) => {
    const before = await lockTask(tx, slot, id);
    if (before === null || !TASK_AT_WORK.includes(before.state)) return false;
    await tx
      .updateTable('tasks')
      .set({ state: nextState(TASK, before.state, 'leased'), lease_until, phase, done, total })
      .where('id', '=', id)
      .execute();
    noteMove(tx, 'task', before.state, 'leased');
    const { study, round } = before;
    if (before.state === 'offered') await tell(tx, context, { study, round, slot, type: 'task.leased', data: { id } });
    return true;
  });
}

/** Ends a task on the member's own word. False when it is over already. */
export async function refuseTask(
  context: Context,
  task: TaskRow,
  { code, message }: { code: ErrorCode; message: string },
): Promise<boolean> {
  const { id, study, round, slot } = task;
  return transition(context, 'task.refused', async (tx) => {
    const now = await lockTask(tx, slot, id);
    if (now === null || !TASK_AT_WORK.includes(now.state)) return;
    await tx
      .updateTable('tasks')
      .set({
        state: nextState(TASK, now.state, 'refused'),
        lease_until: null,
        refusal_code: code,
        refusal_message: message,
      })
      .where('id', '=', id)
      .execute();
    noteMove(tx, 'task', now.state, 'refused');
    await tell(tx, context, { study, round, slot, type: 'task.refused', data: { id, code, message } });
  });
}

async function lockTask(tx: Tx, slot: number, id: string): Promise<TaskRow | null> {
  const row = tx.selectFrom('tasks').selectAll().where('id', '=', id).where('slot', '=', slot).forUpdate();
  return (await row.executeTakeFirst()) ?? null;
}

/** Whoever was not heard of for a lease's length no longer works on it; the task stays on offer. */
export async function releaseLapsed(context: Context, { study, round }: RoundRow): Promise<void> {
  const now = context.clock.now();
  await transact(context, async (tx) => {
    const lapsed = await tx
      .updateTable('tasks')
      .set({ state: nextState(TASK, 'leased', 'released'), lease_until: null })
      .where('study', '=', study)
      .where('round', '=', round)
      .where('state', '=', 'leased')
      .where('lease_until', '<', now)
      .returning(['id', 'slot'])
      .execute();
    for (const { id, slot } of lapsed) {
      noteMove(tx, 'task', 'leased', 'released');
      await tell(tx, context, { study, round, slot, type: 'task.released', data: { id } });
    }
  });
}
