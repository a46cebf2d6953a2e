import pg from 'pg';
import { until } from './until.ts';

/** `object_in_use`: a template that somebody is still connected to. */
const IN_USE = '55006';

/**
 * Makes `database` of the server at `url` anew as a copy of `template`, whoever is connected to it. The template's own
 * sessions, of processes that were just killed, are waited for.
 *
 * @param template left out: the new database is empty
 */
export async function replaceDatabase(url: string, database: string, template = 'template1'): Promise<void> {
  const server = new URL(url);
  server.pathname = '/postgres';
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  try {
    await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await until(async () => {
      try {
        await client.query(`CREATE DATABASE ${database} TEMPLATE ${template}`);
        return true;
      } catch (error) {
        if (error instanceof pg.DatabaseError && error.code === IN_USE) return false;
        throw error;
      }
    });
  } finally {
    await client.end();
  }
}
