import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { type OccupyOptions, occupy as occupyAs } from '../../../../coordinator/db/occupy.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { until } from '../../../support/until.ts';

let postgres: TestPostgres;
let url: string;
const never = (error: unknown) => {
  throw error;
};

/** What a failing test would otherwise leave behind. */
const held: (() => Promise<void>)[] = [];

async function occupy(options: OccupyOptions, lost: (error: unknown) => void): Promise<() => Promise<void>> {
  const release = await occupyAs(options, lost);
  held.push(release);
  return release;
}

afterEach(async () => {
  for (const release of held.splice(0)) await release();
});
beforeAll(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
});
afterAll(() => postgres?.stop());

/** Ends every session that holds the lock, as a restart of the database does. */
async function cut(): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const held = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  await client.query(`SELECT pg_terminate_backend(pid) FROM (${held}) AS holders`);
  await client.end();
}

describe('a database', () => {
  test('is shared by coordinators, and not recovered while one of them runs', async () => {
    const [first, second] = [await occupy({ url, as: 'shared' }, never), await occupy({ url, as: 'shared' }, never)];
    const alone = () => occupy({ url, as: 'alone', seconds: 0 }, never);
    await first();
    await expect(alone()).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await second();
    const release = await occupy({ url, as: 'alone' }, never);
    await expect(occupy({ url, as: 'shared', seconds: 0 }, never)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(alone()).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await release();
    await (await occupy({ url, as: 'shared' }, never))();
  });

  test('is held again after its connection broke', async () => {
    const release = await occupy({ url, as: 'shared' }, never);
    await cut();
    await until(async () => {
      const refused = await occupy({ url, as: 'alone', seconds: 0 }, never).then(
        (alone) => alone().then(() => false),
        () => true,
      );
      return refused;
    }, 60);
    await release();
  });

  test('is lost to a coordinator when it comes back with a recovery in it', async () => {
    let lost: unknown = null;
    const release = await occupy({ url, as: 'shared', seconds: 0 }, (error) => {
      lost = error;
    });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const waiting = client.query(`SELECT pg_advisory_lock(hashtextextended('syndic.coordinator', 0))`);
    await cut();
    await waiting;
    await until(() => lost !== null);
    expect(lost).toMatchObject({ code: 'STATE_CONFLICT' });
    await client.end();
    await release();
  });

  test('that does not answer is named', async () => {
    const away = occupy({ url: 'postgresql://nobody@127.0.0.1:1/none', as: 'shared' }, never);
    await expect(away).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' });
  });
});
