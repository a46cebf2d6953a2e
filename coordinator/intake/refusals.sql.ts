import { sql } from 'kysely';
import type { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Instant, Slot } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';

/** Refusals of one member in one round that are put on record; a site that repeats itself fills no disk. */
const MOST_A_ROUND = 100;

export interface Refusal {
  readonly at: Instant;
  readonly slot: Slot;
  /** Null when the member named a task that there is not. */
  readonly task: { readonly id: string; readonly study: string; readonly round: number } | null;
  readonly error: SyndicError;
}

/** Puts a refusal on record as an event, the same one once. */
export async function recordRefusal(db: Database, { at, slot, task, error }: Refusal): Promise<void> {
  // A message may quote what the member sent; PostgreSQL's JSON takes neither NUL nor a lone surrogate.
  const message = error.message.replaceAll('\0', '\ufffd').toWellFormed();
  const data = JSON.stringify({ task: task?.id ?? null, code: error.code, message });
  await sql`
    WITH earlier AS (
      SELECT data FROM events
      WHERE study IS NOT DISTINCT FROM ${task?.study ?? null}::text
        AND round IS NOT DISTINCT FROM ${task?.round ?? null}::bigint
        AND slot = ${slot} AND type = 'update.refused'
    )
    INSERT INTO events (at, study, round, slot, type, data)
    SELECT ${at}::bigint, ${task?.study ?? null}::text, ${task?.round ?? null}::bigint, ${slot}::integer,
      'update.refused', ${data}::jsonb
    WHERE NOT EXISTS (SELECT FROM earlier WHERE data = ${data}::jsonb)
      AND (SELECT count(*) FROM earlier) < ${MOST_A_ROUND}`.execute(db);
}
