import { afterAll, beforeAll, describe } from '@jest/globals';
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
  queueConformance((namespace) => createBullmqQueue({ postgresUrl, namespace }, { log: silentLog }));
});
