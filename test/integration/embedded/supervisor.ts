/**
 * A supervisor of its own, for tests that kill it: `supervisor.ts FOLDER`. Starts the services of a box there, prints
 * `Supervised` as JSON, and stays.
 */
import { type BoxSettings, startServices } from '../../../embedded/Box.ts';

export interface Supervised {
  readonly settings: BoxSettings;
  readonly database: { readonly url: string; readonly pid: number };
  readonly chain: { readonly rpcUrl: string; readonly pid: number };
}

const dir = process.argv[2];
if (dir === undefined) throw new Error('usage: supervisor.ts FOLDER');
const { settings, database, chain } = await startServices(dir);
const supervised: Supervised = {
  settings,
  database: { url: database.url, pid: database.pid },
  chain: { rpcUrl: chain.rpcUrl, pid: chain.pid },
};
process.stdout.write(`${JSON.stringify(supervised)}\n`);
setInterval(() => undefined, 60_000);
