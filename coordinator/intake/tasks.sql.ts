import type { Digest, Instant, Round, Slot, StudyId } from '../../core/values.ts';
import { digest, instant, round, slot } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { RoundState, TaskState } from '../db/schema.ts';

/** A task with what its study and round say about the update that it waits for. */
export interface TaskFacts {
  readonly id: string;
  readonly study: StudyId;
  readonly round: Round;
  readonly slot: Slot;
  readonly state: TaskState;
  /** Set once an update was accepted. */
  readonly accepted: { readonly update: Digest; readonly statement: Digest; readonly receipt: Digest } | null;
  readonly roundState: RoundState;
  readonly baseModel: Digest;
  readonly deadline: Instant;
  readonly recordBy: Instant;
  readonly plan: Digest;
}

/** Null when there is no such task. */
export async function findTask(db: Database, id: string): Promise<TaskFacts | null> {
  const row = await db
    .selectFrom('tasks')
    .innerJoin('rounds', (join) =>
      join.onRef('rounds.study', '=', 'tasks.study').onRef('rounds.round', '=', 'tasks.round'),
    )
    .innerJoin('studies', 'studies.id', 'tasks.study')
    .select(['tasks.id', 'tasks.study', 'tasks.round', 'tasks.slot', 'tasks.state'])
    .select(['tasks.update', 'tasks.statement', 'tasks.receipt'])
    .select(['rounds.state as round_state', 'rounds.base_model', 'rounds.deadline', 'rounds.record_by'])
    .select('studies.plan')
    .where('tasks.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    id: row.id,
    study: digest(row.study),
    round: round(row.round),
    slot: slot(row.slot),
    state: row.state,
    accepted: acceptedOf(row),
    roundState: row.round_state,
    baseModel: digest(row.base_model),
    deadline: instant(row.deadline),
    recordBy: instant(row.record_by),
    plan: digest(row.plan),
  };
}

function acceptedOf(row: {
  state: TaskState;
  update: string | null;
  statement: string | null;
  receipt: string | null;
}): TaskFacts['accepted'] {
  if (row.state !== 'accepted' || row.update === null || row.statement === null || row.receipt === null) return null;
  return { update: digest(row.update), statement: digest(row.statement), receipt: digest(row.receipt) };
}
