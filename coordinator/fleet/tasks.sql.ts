import type { Instant, Slot } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { TaskState } from '../db/schema.ts';

/** Where tasks of this member stand; those that are nobody's or another's are left out. */
export async function taskStates(db: Database, slot: Slot, ids: readonly string[]): Promise<Map<string, TaskState>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('tasks')
    .select(['id', 'state'])
    .where('slot', '=', slot)
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, state }) => [id, state]));
}

/** The member says goodbye: what it held is on offer again, at once. */
export async function releaseLeases(db: Database, slot: Slot, now: Instant): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const released = await tx
      .updateTable('tasks')
      .set({ state: 'offered', lease_until: null })
      .where('slot', '=', slot)
      .where('state', '=', 'leased')
      .returning(['id', 'study', 'round'])
      .execute();
    if (released.length === 0) return;
    await tx
      .insertInto('events')
      .values(
        released.map(({ id, study, round }) => ({
          at: now,
          study,
          round,
          slot,
          type: 'task.released',
          data: JSON.stringify({ id }),
        })),
      )
      .execute();
  });
}
