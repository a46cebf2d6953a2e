import { connect, type Database } from '../../coordinator/db/connect.ts';
import { migrate } from '../../coordinator/db/migrate.ts';
import type { TestPostgres } from './postgres.ts';

/** A database of the test's own with the coordinator's tables, empty. Call `destroy()` on it before `stop()`. */
export async function testDatabase(postgres: TestPostgres): Promise<Database> {
  const db = connect({ url: await postgres.createDatabase() });
  await migrate(db);
  return db;
}
