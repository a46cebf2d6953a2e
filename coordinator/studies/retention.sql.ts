import { sql } from 'kysely';
import { type Digest, digest, type StudyId } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { Tx } from './move.sql.ts';

/** What is told of a study once its members' updates are gone. */
export const UPDATES_DELETED = 'study.updatesDeleted';

export interface ClosedStudy {
  readonly id: StudyId;
  readonly plan: Digest;
  /** When the chain's close was final, as this coordinator saw it; Unix seconds. */
  readonly closed: number;
}

/** Studies that are closed and still have their members' updates, oldest first. */
export async function studiesWithUpdates(db: Database): Promise<ClosedStudy[]> {
  const { rows } = await sql<ClosedStudy>`
    SELECT s.id, s.plan, min(e.at) AS closed
    FROM studies s JOIN events e ON e.study = s.id AND e.type = 'study.closed'
    WHERE s.state = 'closed'
      AND NOT EXISTS (SELECT FROM events d WHERE d.study = s.id AND d.type = ${UPDATES_DELETED})
    GROUP BY s.id, s.plan ORDER BY closed, s.id`.execute(db);
  return rows.map(({ id, plan, closed }) => ({ id: digest(id), plan: digest(plan), closed }));
}

/** No upload begins while the transaction lasts: what nobody needs when it looks, nobody needs until it ends. */
export async function holdUploads(tx: Tx): Promise<void> {
  await sql`LOCK TABLE uploads IN SHARE MODE`.execute(tx);
}

/**
 * The next of a study's updates, accepted or only stored, by digest; `needed`: the same bytes are something that stays,
 * or an update of a study whose updates are still kept.
 */
export async function nextUpdates(
  tx: Tx,
  study: StudyId,
  after: string,
  limit: number,
): Promise<{ update: Digest; needed: boolean }[]> {
  const { rows } = await sql<{ update: string; needed: boolean }>`
    WITH updates AS (
      SELECT t.study, t.update FROM tasks t WHERE t.update IS NOT NULL
      UNION SELECT t.study, u.update FROM uploads u JOIN tasks t ON t.id = u.task
    )
    SELECT mine.update,
      EXISTS (SELECT FROM studies s WHERE mine.update IN (s.plan, s.initial_model, s.model))
      OR EXISTS (SELECT FROM rounds r WHERE mine.update IN (r.base_model, r.global_model, r.manifest))
      OR EXISTS (SELECT FROM tasks t WHERE mine.update IN (t.statement, t.report, t.receipt))
      OR EXISTS (SELECT FROM updates other WHERE other.update = mine.update AND other.study <> ${study}
        AND NOT EXISTS (SELECT FROM events d WHERE d.study = other.study AND d.type = ${UPDATES_DELETED})) AS needed
    FROM updates mine WHERE mine.study = ${study} AND mine.update > ${after}
    ORDER BY mine.update LIMIT ${limit}`.execute(tx);
  return rows.map(({ update, needed }) => ({ update: digest(update), needed }));
}

/** @returns false when somebody told it already */
export async function lockWithUpdates(tx: Tx, study: StudyId): Promise<boolean> {
  await tx.selectFrom('studies').select('id').where('id', '=', study).forUpdate().execute();
  const told = await tx
    .selectFrom('events')
    .select('id')
    .where('study', '=', study)
    .where('type', '=', UPDATES_DELETED)
    .executeTakeFirst();
  return told === undefined;
}
