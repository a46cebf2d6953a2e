import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import type { Log } from '../modules.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;
/** Inside `db.transaction()`: what is written with it stands or falls together. */
export type DatabaseTransaction = Transaction<Schema>;

export interface ConnectOptions {
  /** `postgresql://user:password@host:port/database`; `?sslmode=verify-full&sslrootcert=FILE` turns TLS on. */
  readonly url: string;
  /** Connections at most. Default 10. */
  readonly max?: number;
}

const INT8 = pg.types.builtins.INT8;

/**
 * A pool of connections, opened as they are needed. `destroy()` ends it.
 *
 * Eight-byte integers are read as numbers; one that a number cannot hold exactly is an error, never a rounded value.
 */
export function connect({ url, max = 10 }: ConnectOptions, log?: Log): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    types: { getTypeParser: (oid, format) => (oid === INT8 ? safeInteger : pg.types.getTypeParser(oid, format)) },
  });
  // Without a listener a broken idle connection would end the process; the pool replaces it by itself.
  pool.on('error', (error) => log?.warn({ error: error.message }, 'idle database connection was lost'));
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}

/** @throws RangeError beyond ±(2^53 − 1) */
export function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`database integer ${text} is beyond 2^53`);
  return value;
}
