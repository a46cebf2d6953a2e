import { randomBytes } from 'node:crypto';
import { type Server, serverOfThisProcess } from './postgresServer.ts';

/** A PostgreSQL for one test file: databases of its own on a server that the whole test process shares. */
export interface TestPostgres {
  /** Connection URL of a database; of the maintenance database `postgres` when none is named. */
  url(database?: string): string;
  /** Makes an empty database that nobody else uses. Resolves to its URL. */
  createDatabase(): Promise<string>;
  /** Drops every database made here, open connections or not. The server goes with the process. */
  stop(): Promise<void>;
}

/**
 * Real PostgreSQL, from npm: no installation, a free port, a temporary folder. The first call in a process starts the
 * server (about a second); it ends, and its folder goes, when the process does, killed or not.
 *
 * @example
 * const postgres = await startPostgres();
 * const db = connect(await postgres.createDatabase());
 * // …
 * await postgres.stop();
 */
export async function startPostgres(): Promise<TestPostgres> {
  const server: Server = await serverOfThisProcess();
  const made: string[] = [];
  return {
    url: (database = 'postgres') => server.url(database),
    async createDatabase() {
      const name = `t${randomBytes(8).toString('hex')}`;
      await server.execute(`CREATE DATABASE ${name}`);
      made.push(name);
      return server.url(name);
    },
    async stop() {
      for (const name of made.splice(0)) await server.execute(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
