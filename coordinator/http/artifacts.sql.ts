import { sql } from 'kysely';
import type { Digest, Slot, StudyId } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';

export type ArtifactKind = 'plan' | 'model' | 'manifest' | 'statement' | 'receipt' | 'report' | 'update';

/** What a stored file is, in one of the studies that it belongs to. */
export interface Artifact {
  readonly kind: ArtifactKind;
  readonly study: StudyId;
  /** Whose it is; null for what is no one member's. */
  readonly slot: Slot | null;
}

/** Every meaning that a digest has. None: the file, if there is one, is nobody's to read. */
export async function findArtifacts(db: Database, digest: Digest): Promise<Artifact[]> {
  const { rows } = await sql<Artifact>`
    SELECT 'plan' AS kind, id AS study, NULL::integer AS slot FROM studies WHERE plan = ${digest}
    UNION SELECT 'model', id, NULL FROM studies WHERE ${digest} IN (initial_model, model)
    UNION SELECT 'model', study, NULL FROM rounds WHERE ${digest} IN (base_model, global_model)
    UNION SELECT 'manifest', study, NULL FROM rounds WHERE manifest = ${digest}
    UNION SELECT 'statement', study, slot FROM tasks WHERE statement = ${digest}
    UNION SELECT 'receipt', study, slot FROM tasks WHERE receipt = ${digest}
    UNION SELECT 'report', study, slot FROM tasks WHERE report = ${digest}
    UNION SELECT 'update', study, slot FROM tasks WHERE update = ${digest}`.execute(db);
  return rows;
}

export async function studyExists(db: Database, study: StudyId): Promise<boolean> {
  const found = await db.selectFrom('studies').select('id').where('id', '=', study).executeTakeFirst();
  return found !== undefined;
}
