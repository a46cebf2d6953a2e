import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { startAnvil as startEmbeddedAnvil } from '../../../embedded/anvil.ts';
import { type Services, startServices } from '../../../embedded/Box.ts';
import { freePort } from '../../../embedded/freePort.ts';
import { sendSignal } from '../../../embedded/processes.ts';
import { startAnvil } from '../../support/anvil.ts';
import { needs } from '../../support/needs.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';
import { until } from '../../support/until.ts';
import { canListProcesses, processesOf } from './processesOf.ts';
import type { Supervised } from './supervisor.ts';

const SUPERVISOR = join(import.meta.dirname, 'supervisor.ts');
/** Stores 42 in its slot 0, then leaves one byte of code. */
const CONTRACT = '0x602a60005560016000f3';

const used: string[] = [];

// Whatever a failed test left running, before its folder goes.
afterEach(() => {
  for (const { pid } of used.splice(0).flatMap(processesOf)) sendSignal(pid, 'SIGKILL');
});

const newFolder = temporaryFolders();

async function folder(): Promise<string> {
  const dir = await newFolder();
  used.push(dir);
  return dir;
}

function supervise(dir: string): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', SUPERVISOR, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function supervised(supervisor: ChildProcess): Promise<Supervised> {
  if (supervisor.stdout === null) throw new Error('the supervisor has no standard output');
  for await (const line of createInterface({ input: supervisor.stdout })) return JSON.parse(line) as Supervised;
  throw new Error(`the supervisor ended with ${supervisor.exitCode} before its services answered`);
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

async function rpc<T>(url: string, method: string, params: readonly unknown[]): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const answer = (await response.json()) as { result: T; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return answer.result;
}

interface Deployed {
  readonly contractAddress: string;
  readonly blockHash: string;
  readonly transactionHash: string;
}

async function deploy(rpcUrl: string): Promise<Deployed> {
  const from = `0x${randomBytes(20).toString('hex')}`;
  await rpc(rpcUrl, 'anvil_impersonateAccount', [from]);
  const hash = await rpc<string>(rpcUrl, 'eth_sendTransaction', [
    { from, data: CONTRACT, gas: '0x30000', gasPrice: '0x0' },
  ]);
  let receipt: Deployed | null = null;
  await until(async () => {
    receipt = await rpc<Deployed | null>(rpcUrl, 'eth_getTransactionReceipt', [hash]);
    return receipt !== null;
  });
  if (receipt === null) throw new Error('no receipt');
  return receipt;
}

async function query<R extends pg.QueryResultRow>(url: string, sql: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function writeBoth(databaseUrl: string, rpcUrl: string): Promise<Deployed> {
  await query(databaseUrl, 'CREATE TABLE kept (word text); INSERT INTO kept VALUES ($$still here$$)');
  return deploy(rpcUrl);
}

async function expectKept({ database, chain }: Services, { contractAddress, transactionHash, blockHash }: Deployed) {
  expect(await query(database.url, 'SELECT word FROM kept')).toEqual([{ word: 'still here' }]);
  const found = await rpc<Deployed | null>(chain.rpcUrl, 'eth_getTransactionReceipt', [transactionHash]);
  expect(found).toMatchObject({ contractAddress, blockHash });
  expect(await rpc(chain.rpcUrl, 'eth_getCode', [contractAddress, 'latest'])).toBe('0x00');
  expect(Number(await rpc(chain.rpcUrl, 'eth_getStorageAt', [contractAddress, '0x0', 'latest']))).toBe(42);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function pidsOf(dir: string): number[] {
  return processesOf(dir).map(({ pid }) => pid);
}

needs('Linux (/proc)', canListProcesses)('the services of a box', () => {
  test('keep rows, chain, ports and chain id from one start to the next, and leave nothing running', async () => {
    const dir = await folder();
    const first = await startServices(dir);
    const deployed = await writeBoth(first.database.url, first.chain.rpcUrl);
    expect(pidsOf(dir)).toEqual(expect.arrayContaining([first.database.pid, first.chain.pid]));
    await first.stop();
    expect(processesOf(dir)).toEqual([]);
    for (const port of [first.settings.databasePort, first.settings.rpcPort]) expect(await listens(port)).toBe(false);

    const second = await startServices(dir);
    expect(second.settings).toEqual(first.settings);
    expect([second.chain.rpcUrl, second.database.url]).toEqual([first.chain.rpcUrl, first.database.url]);
    expect(Number(await rpc(second.chain.rpcUrl, 'eth_chainId', []))).toBe(first.settings.chainId);
    await expectKept(second, deployed);
    await second.stop();
  });

  test('keep the genesis and every block, however often they start', async () => {
    const dir = await folder();
    const options = { dir, port: await freePort(), chainId: randomInt(1e9, 2e9), logFile: join(dir, 'chain.log') };
    const seen: string[][] = [];
    for (let start = 0; start < 5; start += 1) {
      const second = Math.floor(Date.now() / 1000);
      const chain = await startEmbeddedAnvil(options);
      await rpc(chain.rpcUrl, 'evm_mine', []);
      const blocks = Array.from({ length: start + 2 }, (_, i) => `0x${i.toString(16)}`);
      const found = await Promise.all(
        blocks.map((block) => rpc<{ hash: string }>(chain.rpcUrl, 'eth_getBlockByNumber', [block, false])),
      );
      seen.push(found.map(({ hash }) => hash));
      await chain.stop();
      // A genesis of the same second would be the same one.
      await until(() => Date.now() / 1000 > second + 1);
    }
    const last = seen.at(-1) ?? [];
    expect(seen).toEqual(seen.map((hashes) => last.slice(0, hashes.length)));
    expect(last).toHaveLength(6);
  });

  test('outlive a supervisor that was killed; the next start ends them and finds everything as it was', async () => {
    const dir = await folder();
    const supervisor = supervise(dir);
    const orphans = await supervised(supervisor);
    const deployed = await writeBoth(orphans.database.url, orphans.chain.rpcUrl);
    await killed(supervisor);
    const left = [orphans.database.pid, orphans.chain.pid];
    expect(pidsOf(dir)).toEqual(expect.arrayContaining(left));

    const next = await startServices(dir);
    for (const pid of left) expect(pidsOf(dir)).not.toContain(pid);
    expect(next.settings).toEqual(orphans.settings);
    await expectKept(next, deployed);
    await next.stop();
    expect(processesOf(dir)).toEqual([]);
  });

  test('start afresh where the supervisor and initdb were killed half-way', async () => {
    const dir = await folder();
    const supervisor = supervise(dir);
    // From here on the folder looks like a database, and is none.
    await until(() => versionFiles(join(dir, 'postgres')).length > 0);
    await killed(supervisor);
    for (const { pid, command } of processesOf(dir)) {
      if (/initdb|postgres/.test(command)) sendSignal(pid, 'SIGKILL');
    }
    const next = await startServices(dir);
    expect(await query(next.database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(readdirSync(join(dir, 'postgres'))).toEqual(['data']);
    await next.stop();
  });

  test('say so where another program has taken the port of the chain, and leave nothing running', async () => {
    const dir = await folder();
    const first = await startServices(dir);
    await first.stop();
    const taken = await startAnvil({ chainId: first.settings.chainId, port: first.settings.rpcPort });
    try {
      await expect(startServices(dir)).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' });
      expect(processesOf(dir)).toEqual([]);
    } finally {
      await taken.stop();
    }
  });
});

/** `PG_VERSION` of every database in `dir`, finished or not. */
function versionFiles(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((path) => /data\/PG_VERSION$/.test(path));
}
