import type { Database } from '../db/connect.ts';
import type { SessionsTable } from '../db/schema.ts';

/** Login nonces kept at once: anybody may ask for one, so there is an end to it. */
const MOST_NONCES = 10_000;

/** Keeps a nonce for `key`. Resolves to false, keeping nothing, while too many are waiting. */
export async function keepNonce(
  db: Database,
  nonce: { nonce: string; key: string; expires: number },
  now: number,
): Promise<boolean> {
  await db.deleteFrom('nonces').where('expires', '<=', now).execute();
  const { waiting } = await db
    .selectFrom('nonces')
    .select(({ fn }) => fn.countAll<number>().as('waiting'))
    .where('slot', 'is', null)
    .executeTakeFirstOrThrow();
  if (waiting >= MOST_NONCES) return false;
  await db
    .insertInto('nonces')
    .values({ ...nonce, slot: null, capabilities: null })
    .execute();
  return true;
}

/** Uses a nonce up. Null when it was not sent to `key`, was used, or is over; workers' nonces (with a slot) are not taken. */
export async function takeNonce(
  db: Database,
  nonce: string,
  key: string,
  now: number,
): Promise<{ expires: number } | null> {
  const taken = await db
    .deleteFrom('nonces')
    .where('nonce', '=', nonce)
    .where('key', '=', key)
    .where('slot', 'is', null)
    .where('expires', '>', now)
    .returning('expires')
    .executeTakeFirst();
  return taken ?? null;
}

export async function keepSession(db: Database, session: SessionsTable, now: number): Promise<void> {
  await db.deleteFrom('sessions').where('expires', '<=', now).execute();
  await db
    .insertInto('sessions')
    .values({ ...session, capabilities: JSON.stringify(session.capabilities) })
    .execute();
}

/** A person's session; a worker's is none here. */
export async function findSession(db: Database, tokenHash: string, now: number): Promise<SessionsTable | null> {
  const found = await db
    .selectFrom('sessions')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('role', '<>', 'worker')
    .where('expires', '>', now)
    .executeTakeFirst();
  return found ?? null;
}

export async function endSession(db: Database, tokenHash: string): Promise<void> {
  await db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
}
