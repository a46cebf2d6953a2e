import { type Address, address, type Digest, type Instant, instant, type Slot, slot } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';

/** Login nonces of one member kept at once. */
const MOST_NONCES_A_SLOT = 256;
/** Sessions of one member: a worker that was killed leaves one behind until it expires. */
const MOST_A_SLOT = 8;

export interface WorkerNonce {
  readonly nonce: Digest;
  readonly key: Address;
  readonly slot: Slot;
  readonly capabilities: readonly string[];
  readonly expires: Instant;
}

export interface WorkerSession {
  readonly tokenHash: Digest;
  readonly slot: Slot;
  readonly key: Address;
  readonly expires: Instant;
  readonly capabilities: readonly string[];
}

/**
 * Keeps a nonce for one Login. Anybody may say Hello in a member's name, whose key is public: what it leaves is bounded
 * for each member, and a newer one always counts, so that nobody can keep a member out by saying Hello.
 */
export async function keepNonce(db: Database, nonce: WorkerNonce, now: Instant): Promise<void> {
  await db.deleteFrom('nonces').where('expires', '<=', now).execute();
  await db
    .insertInto('nonces')
    .values({ ...nonce, capabilities: JSON.stringify(nonce.capabilities) })
    .execute();
  await db
    .deleteFrom('nonces')
    .where('nonce', 'in', (query) =>
      query
        .selectFrom('nonces')
        .select('nonce')
        .where('slot', '=', nonce.slot)
        .where('nonce', '<>', nonce.nonce)
        .orderBy('expires', 'desc')
        .offset(MOST_NONCES_A_SLOT - 1),
    )
    .execute();
}

/** Uses a worker's nonce up. Null when it was never sent, was used, or is over. */
export async function takeNonce(db: Database, nonce: Digest, now: Instant): Promise<WorkerNonce | null> {
  const row = await db
    .deleteFrom('nonces')
    .where('nonce', '=', nonce)
    .where('slot', 'is not', null)
    .where('expires', '>', now)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined || row.slot === null) return null;
  return {
    nonce,
    key: address(row.key),
    slot: slot(row.slot),
    capabilities: words(row.capabilities),
    expires: instant(row.expires),
  };
}

/** Resolves to false, keeping nothing, when `most` sessions of workers are live. */
export async function keepSession(db: Database, session: WorkerSession, most: number, now: Instant): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await tx.deleteFrom('sessions').where('expires', '<=', now).execute();
    await tx
      .deleteFrom('sessions')
      .where('token_hash', 'in', (query) =>
        query
          .selectFrom('sessions')
          .select('token_hash')
          .where('role', '=', 'worker')
          .where('slot', '=', session.slot)
          .orderBy('expires', 'desc')
          .offset(MOST_A_SLOT - 1),
      )
      .execute();
    const { live } = await tx
      .selectFrom('sessions')
      .select(({ fn }) => fn.countAll<number>().as('live'))
      .where('role', '=', 'worker')
      .executeTakeFirstOrThrow();
    if (live >= most) return false;
    await tx
      .insertInto('sessions')
      .values({
        token_hash: session.tokenHash,
        role: 'worker',
        slot: session.slot,
        key: session.key,
        expires: session.expires,
        capabilities: JSON.stringify(session.capabilities),
      })
      .execute();
    return true;
  });
}

export async function findSession(db: Database, tokenHash: Digest, now: Instant): Promise<WorkerSession | null> {
  const row = await db
    .selectFrom('sessions')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('role', '=', 'worker')
    .where('expires', '>', now)
    .executeTakeFirst();
  if (row === undefined || row.slot === null) return null;
  return {
    tokenHash,
    slot: slot(row.slot),
    key: address(row.key),
    expires: instant(row.expires),
    capabilities: words(row.capabilities),
  };
}

export async function endSession(db: Database, tokenHash: Digest): Promise<void> {
  await db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}
