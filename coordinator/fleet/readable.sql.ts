import { type Digest, digest, type Slot, type StudyId } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';

/** Studies whose plan, global model or document this is; none when it is something else, such as an update. */
export async function originsOf(db: Database, file: Digest): Promise<StudyId[]> {
  const rows = await db
    .selectFrom('studies')
    .select('id as study')
    .where(({ eb, or }) => or([eb('plan', '=', file), eb('initial_model', '=', file), eb('model', '=', file)]))
    .union((query) =>
      query
        .selectFrom('rounds')
        .select('study')
        .where(({ eb, or }) =>
          or([eb('base_model', '=', file), eb('global_model', '=', file), eb('manifest', '=', file)]),
        ),
    )
    .union((query) =>
      query
        .selectFrom('tasks')
        .select('study')
        .where(({ eb, or }) => or([eb('statement', '=', file), eb('receipt', '=', file), eb('report', '=', file)])),
    )
    .execute();
  return rows.map(({ study }) => digest(study));
}

/** Whether this member ever had a task in one of these studies. */
export async function hadTask(db: Database, slot: Slot, studies: readonly StudyId[]): Promise<boolean> {
  const found = await db
    .selectFrom('tasks')
    .select('id')
    .where('slot', '=', slot)
    .where('study', 'in', [...studies])
    .executeTakeFirst();
  return found !== undefined;
}
