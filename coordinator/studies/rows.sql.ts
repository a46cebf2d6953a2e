import type { Selectable } from 'kysely';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { StudyId } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { EventsTable, RoundsTable, StudiesTable, TasksTable } from '../db/schema.ts';

export type StudyRow = Selectable<StudiesTable>;
export type RoundRow = Selectable<RoundsTable>;
export type TaskRow = Selectable<TasksTable>;
export type EventRow = Selectable<EventsTable>;

export async function findStudy(db: Database, id: string): Promise<StudyRow | null> {
  return (await db.selectFrom('studies').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

/** @throws SyndicError NOT_FOUND */
export async function requireStudy(db: Database, id: StudyId): Promise<StudyRow> {
  const study = await findStudy(db, id);
  if (study === null) throw new SyndicError('NOT_FOUND', `no study ${id} here: see the list of studies`, { study: id });
  return study;
}

/** Every round of a study, oldest first. */
export async function roundsOf(db: Database, study: string): Promise<RoundRow[]> {
  return db.selectFrom('rounds').selectAll().where('study', '=', study).orderBy('round').execute();
}

/** Changes with every transition of the study and its rounds. */
export async function positionOf(db: Database, study: string): Promise<string> {
  const row = await db.selectFrom('studies').select(['state', 'model']).where('id', '=', study).executeTakeFirst();
  const rounds = await db
    .selectFrom('rounds')
    .select(['round', 'state', 'manifest'])
    .where('study', '=', study)
    .orderBy('round', 'desc')
    .limit(1)
    .execute();
  return JSON.stringify([row, rounds]);
}

/** Every task of a round, by slot. */
export async function tasksOf(db: Database, { study, round }: Pick<RoundRow, 'study' | 'round'>): Promise<TaskRow[]> {
  const tasks = db.selectFrom('tasks').selectAll().where('study', '=', study).where('round', '=', round);
  return tasks.orderBy('slot').execute();
}

/** Events of one type about a round, or about the study itself (round null), oldest first. */
export async function eventsOfType(
  db: Database,
  { study, round, type }: { study: string; round: number | null; type: string },
): Promise<EventRow[]> {
  return db
    .selectFrom('events')
    .selectAll()
    .where('study', '=', study)
    .where('round', round === null ? 'is' : '=', round)
    .where('type', '=', type)
    .orderBy('id')
    .execute();
}
