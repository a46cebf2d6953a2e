import { sql } from 'kysely';
import type { RecoveryContext } from './context.ts';

/**
 * Who follows a study asks for events after the last that it saw, and the lost database may have numbered more than this
 * one: the next are numbered by the clock, in milliseconds, which no count of events comes near.
 */
export async function numberEventsAnew({ db, clock }: RecoveryContext): Promise<void> {
  const sequence = sql`pg_get_serial_sequence('events', 'id')`;
  await sql`SELECT setval(${sequence}, greatest(nextval(${sequence}), ${1000 * clock.now()}))`.execute(db);
}
