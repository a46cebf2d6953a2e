import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SyndicError } from '../../core/errors/SyndicError.ts';

/** Coordinators at work share a database; a recovery has it for itself. */
export type Occupancy = 'shared' | 'alone';

export interface OccupyOptions {
  readonly url: string;
  readonly as: Occupancy;
  /** Seconds to wait for others that are just ending. Default 5. */
  readonly seconds?: number;
}

const TRY = {
  shared: 'pg_try_advisory_lock_shared',
  alone: 'pg_try_advisory_lock',
} as const;
const AGAIN_MILLISECONDS = 200;

/**
 * Takes an advisory lock of the database, which goes when this process does, however it ends. A connection that breaks
 * is replaced, and the lock taken again.
 *
 * @param lost called when the database came back with somebody else in it
 * @returns what lets go of it
 * @throws SyndicError STATE_CONFLICT when others have it, DEPENDENCY_UNAVAILABLE
 */
export async function occupy(options: OccupyOptions, lost: (error: unknown) => void): Promise<() => Promise<void>> {
  let released = false;
  let client = await take(options, onBreak);

  function onBreak(): void {
    if (!released) void takeAgain();
  }

  async function takeAgain(): Promise<void> {
    while (!released) {
      try {
        client = await take(options, onBreak);
        if (released) await client.end();
        return;
      } catch (error) {
        if (!(error instanceof SyndicError) || !error.retryable) return lost(error);
        await sleep(AGAIN_MILLISECONDS);
      }
    }
  }

  return async () => {
    released = true;
    await client.end().catch(() => undefined);
  };
}

async function take({ url, as, seconds = 5 }: OccupyOptions, broke: () => void): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  let holds = false;
  client.on('error', () => {
    if (holds) broke();
    holds = false;
  });
  try {
    await client.connect();
    const deadline = Date.now() + seconds * 1000;
    while (!(await tried(client, as))) {
      if (Date.now() > deadline) throw occupied(as);
      await sleep(AGAIN_MILLISECONDS);
    }
    holds = true;
    return client;
  } catch (cause) {
    await client.end().catch(() => undefined);
    if (cause instanceof SyndicError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new SyndicError('DEPENDENCY_UNAVAILABLE', `the database does not answer: ${message}`, {}, { cause });
  }
}

async function tried(client: pg.Client, as: Occupancy): Promise<boolean> {
  const { rows } = await client.query(`SELECT ${TRY[as]}(hashtextextended('syndic.coordinator', 0)) AS held`);
  return rows[0]?.held === true;
}

function occupied(as: Occupancy): SyndicError {
  return new SyndicError(
    'STATE_CONFLICT',
    as === 'alone'
      ? 'a coordinator runs on this database: stop every one of them first'
      : 'the database is being recovered: wait until `syndic coordinator recover` has ended',
  );
}
