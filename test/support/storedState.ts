import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../coordinator/db/connect.ts';
import type { StudyId } from '../../core/values.ts';

export interface StudyEvent {
  readonly type: string;
  readonly slot: number | null;
  readonly round: number | null;
  readonly data: unknown;
}

/** Everything of a study that an intake may change, save events: rows, names in the store's folder, temporaries. */
export async function storedState(db: Database, storeDir: string, study: StudyId) {
  const tasks = await db.selectFrom('tasks').selectAll().where('study', '=', study).orderBy('id').execute();
  const ids = tasks.map(({ id }) => id);
  return {
    tasks,
    rounds: await db.selectFrom('rounds').selectAll().where('study', '=', study).execute(),
    uploads: await db.selectFrom('uploads').selectAll().where('task', 'in', ids).execute(),
    files: (await readdir(storeDir)).sort(),
    temporaries: await readdir(join(storeDir, 'tmp')),
  };
}

export async function eventsOf(db: Database, study: StudyId): Promise<StudyEvent[]> {
  const events = db.selectFrom('events').select(['type', 'slot', 'round', 'data']);
  return events.where('study', '=', study).orderBy('id').execute();
}
