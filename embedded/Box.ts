import { randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keepFile } from '../worker/keepFile.ts';
import { type EmbeddedAnvil, type EmbeddedAnvilOptions, startAnvil } from './anvil.ts';
import { freePort } from './freePort.ts';
import { type EmbeddedPostgres, startPostgres } from './postgres.ts';

/** What a box remembers between starts: ports and names stay the same, so that invitations stay good. */
export interface BoxSettings {
  readonly schema: 'syndic.box/1';
  readonly chainId: number;
  readonly rpcPort: number;
  readonly databasePort: number;
  readonly databasePassword: string;
  readonly grpcPort: number;
  readonly httpPort: number;
}

export type StartChain = (options: EmbeddedAnvilOptions) => Promise<EmbeddedAnvil>;

/** The services of a consortium in a box: a database and a chain, both with their data below one folder. */
export interface Services {
  readonly settings: BoxSettings;
  readonly database: EmbeddedPostgres;
  readonly chain: EmbeddedAnvil;
  stop(): Promise<void>;
}

/** @param startChain starts another chain than Anvil, or names one that runs: `stop` is then its own affair */
export async function startServices(dir: string, startChain: StartChain = startAnvil): Promise<Services> {
  const logs = join(dir, 'logs');
  await mkdir(logs, { recursive: true });
  const settings = await rememberSettings(dir);
  const chainDir = join(dir, 'chain');
  await mkdir(chainDir, { recursive: true });
  const [database, chain] = await bothOrNeither(
    startPostgres({
      dir: join(dir, 'postgres'),
      port: settings.databasePort,
      password: settings.databasePassword,
      logFile: join(logs, 'postgres.log'),
    }),
    startChain({ dir: chainDir, port: settings.rpcPort, chainId: settings.chainId, logFile: join(logs, 'chain.log') }),
  );
  const stop = async () => {
    await Promise.all([database.stop(), chain.stop()]);
  };
  return { settings, database, chain, stop };
}

interface Stoppable {
  stop(): Promise<void>;
}

/** When one does not start, the other is not left behind. */
async function bothOrNeither<A extends Stoppable, B extends Stoppable>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  for (const one of [first, second]) if (one.status === 'fulfilled') await one.value.stop();
  throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason;
}

async function rememberSettings(dir: string): Promise<BoxSettings> {
  const path = join(dir, 'box.json');
  if (existsSync(path)) return JSON.parse(await readFile(path, 'utf8')) as BoxSettings;
  const settings: BoxSettings = {
    schema: 'syndic.box/1',
    // Random, so that nothing signed in one box means anything in another; above the ids of known networks.
    chainId: randomInt(1_000_000_000, 2_000_000_000),
    rpcPort: await freePort(),
    databasePort: await freePort(),
    databasePassword: randomBytes(24).toString('hex'),
    grpcPort: await freePort(),
    httpPort: await freePort(),
  };
  await keepFile(path, `${JSON.stringify(settings, null, 2)}\n`, 0o600);
  return settings;
}
