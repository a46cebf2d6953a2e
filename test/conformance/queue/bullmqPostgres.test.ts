import { afterAll, beforeAll, describe } from '@jest/globals';
import pg from 'pg';
import { createBullmqQueue } from '../../../coordinator/queue/bullmq.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { silentLog } from '../../support/silentLog.ts';
import { queueConformance } from './queueConformance.ts';

let postgres: TestPostgres;
let postgresUrl: string;
beforeAll(async () => {
  postgres = await startPostgres();
  postgresUrl = await postgres.createDatabase();
});
afterAll(() => postgres.stop());

describe('the queue on PostgreSQL', () => {
  const execute = async (sql: string) => {
    const client = new pg.Client({ connectionString: postgresUrl });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  queueConformance({
    connect: (namespace) => createBullmqQueue({ postgresUrl, namespace }, { log: silentLog }),
    losses: {
      'its rows are deleted': (namespace) => execute(`TRUNCATE ${namespace}.job CASCADE`),
      'the table of jobs is dropped': (namespace) => execute(`DROP TABLE ${namespace}.job CASCADE`),
      'a table that no wake needs is dropped': (namespace) => execute(`DROP TABLE ${namespace}.rate_limit CASCADE`),
      'its schema is dropped': (namespace) => execute(`DROP SCHEMA ${namespace} CASCADE`),
    },
  });
});
