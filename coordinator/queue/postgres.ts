import { createPostgresBackend, Queue, Worker } from 'bullmq';
import pg from 'pg';
import { type Backend, QUEUE, RETRY_MS } from './backend.ts';

export interface PostgresOptions {
  readonly postgresUrl: string;
  readonly namespace: string;
  readonly concurrency: number;
}

/** SQLSTATE (PostgreSQL, appendix A): undefined table, function, schema, object. */
const GONE = ['42P01', '42883', '3F000', '42704'];

/** Of the lock under which a schema is dropped, with the schema's name; any number that nobody else uses here. */
const LOCK = 0x51_44_52_50;

export function postgresBackend({ postgresUrl, namespace, concurrency }: PostgresOptions): Backend {
  const shared = { connection: { connectionString: postgresUrl, schema: namespace, migrate: true, max: 4 } };
  const schema = schemaOf(postgresUrl, namespace);
  let mendedAt = 0;
  let mending: Promise<void> | null = null;

  /** Tables and functions as BullMQ makes them, whatever is left of them: the jobs are no loss. */
  async function mendNow(): Promise<void> {
    try {
      await schema.drop();
      const queue = new Queue(QUEUE, shared, createPostgresBackend).on('error', () => undefined);
      try {
        await queue.waitUntilReady();
      } finally {
        await queue.close();
      }
      await schema.remember();
      mendedAt = Date.now();
    } finally {
      mending = null;
    }
  }

  return {
    jobs(onError) {
      return new Queue(QUEUE, shared, createPostgresBackend).on('error', onError);
    },
    runner(process, onError) {
      const options = { ...shared, concurrency, runRetryDelay: RETRY_MS };
      return new Worker(QUEUE, process, options, createPostgresBackend).on('error', onError);
    },
    // A pool connects when it is asked to.
    connected: true,
    answers: async () => true,
    async mend(error, began) {
      if (!GONE.includes((error as { code?: string } | null)?.code ?? '')) return false;
      if (began > mendedAt) {
        mending ??= mendNow();
        await mending;
      }
      return true;
    },
    end: async () => {},
  };
}

/** The schema in which a queue lives; it is known by its number, which it gets when it is made. */
function schemaOf(connectionString: string, name: string) {
  let known: string | null = null;

  async function withClient(work: (client: pg.Client) => Promise<void>): Promise<void> {
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }

  async function numberOf(client: pg.Client): Promise<string | null> {
    const { rows } = await client.query<{ oid: string }>('SELECT oid FROM pg_namespace WHERE nspname = $1', [name]);
    return rows[0] === undefined ? null : String(rows[0].oid);
  }

  return {
    remember: () =>
      withClient(async (client) => {
        known = await numberOf(client);
      }),

    /** Drops it, unless another process has made it anew since it was last seen to work here. */
    drop: () =>
      withClient(async (client) => {
        await client.query('BEGIN');
        await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK, name]);
        const there = await numberOf(client);
        if (there !== null && (known === null || there === known)) {
          await client.query(`DROP SCHEMA ${client.escapeIdentifier(name)} CASCADE`);
        }
        await client.query('COMMIT');
      }),
  };
}
