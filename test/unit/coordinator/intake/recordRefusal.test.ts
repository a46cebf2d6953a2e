import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Database } from '../../../../coordinator/db/connect.ts';
import { recordRefusal } from '../../../../coordinator/intake/refusals.sql.ts';
import { SyndicError } from '../../../../core/errors/SyndicError.ts';
import { instant, slot } from '../../../../core/values.ts';
import { testDatabase } from '../../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';

let postgres: TestPostgres;
let db: Database;

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
});
afterAll(async () => {
  await db.destroy();
  await postgres.stop();
});

test('a refusal is on record also when its message quotes what PostgreSQL cannot store', async () => {
  const error = new SyndicError('TENSORS_INVALID', 'tensor a\u0000b\ud800 has no shape');
  await recordRefusal(db, { at: instant(1), slot: slot(1), task: null, error });
  const [event] = await db.selectFrom('events').select('data').execute();
  expect(event?.data).toEqual({ task: null, code: 'TENSORS_INVALID', message: 'tensor a\ufffdb\ufffd has no shape' });
});
