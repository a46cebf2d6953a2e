import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { keepOldestGenesis } from './keepOldestGenesis.ts';
import { endOrphan, isAlive, type Started, start, stop } from './processes.ts';

export interface EmbeddedAnvil {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface EmbeddedAnvilOptions {
  readonly dir: string;
  readonly port: number;
  readonly chainId: number;
  readonly logFile: string;
}

/** An Ethereum chain of one node, its state kept on disk; free gas; a block for every transaction. For evaluation. */
export async function startAnvil(options: EmbeddedAnvilOptions): Promise<EmbeddedAnvil> {
  const rpcUrl = `http://127.0.0.1:${options.port}`;
  const pidFile = join(options.dir, 'anvil.pid');
  await endLeftover(pidFile, rpcUrl, options.chainId);
  await checkFree(rpcUrl, options.port);
  const state = join(options.dir, 'chain.json');
  await keepOldestGenesis(state);
  const node = await start(
    'Anvil',
    '/bin/sh',
    [
      ['-c', NOTED, pidFile, findAnvil()],
      ['--host', '127.0.0.1', '--port', String(options.port), '--chain-id', String(options.chainId)],
      ['--state', state, '--state-interval', '1', '--preserve-historical-states'],
      ['--accounts', '0', '--slots-in-an-epoch', '0'],
      // Nobody holds ether in a consortium's chain: gas is free, as on Besu with zeroBaseFee.
      ['--block-base-fee-per-gas', '0', '--gas-price', '0', '--disable-min-priority-fee'],
      ['--no-cors', '--quiet'],
    ].flat(),
    { cwd: options.dir, logFile: options.logFile },
  );
  await untilAnswers(node, rpcUrl, options);
  return {
    rpcUrl,
    chainId: options.chainId,
    pid: node.pid,
    stop: async () => {
      await stop(node);
      await rm(pidFile, { force: true });
    },
  };
}

/** Writes down its own pid, then becomes Anvil: there is no moment when one runs and the other is not there. */
const NOTED = 'echo $$ > "$0.tmp" && mv "$0.tmp" "$0" && exec "$@"';

/** The binary itself and not npm's wrapper, which a signal would not end. */
function findAnvil(): string {
  const system = { linux: 'linux', darwin: 'darwin', win32: 'win32' }[process.platform as string];
  const machine = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  const name = `@foundry-rs/anvil-${system}-${machine}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil');
  } catch (cause) {
    throw new SyndicError(
      'DEPENDENCY_UNAVAILABLE',
      `the package ${name} is not installed: run npm ci`,
      { name },
      { cause },
    );
  }
}

/** An Anvil outlives a supervisor that was killed; it saves its state when it is asked to end. */
async function endLeftover(pidFile: string, rpcUrl: string, chainId: number): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(await readFile(pidFile, 'utf8'));
  // A pid may have been given to another program since: only one that serves this chain on this port is ours.
  if (Number.isInteger(pid) && isAlive(pid) && (await chainIdAt(rpcUrl)) === chainId) await endOrphan(pid, 'SIGTERM');
  await rm(pidFile, { force: true });
}

/** Anvil would end at once, and what answers on the port would be taken for it. */
async function checkFree(rpcUrl: string, port: number): Promise<void> {
  const found = await chainIdAt(rpcUrl);
  if (found === null) return;
  throw new SyndicError(
    'DEPENDENCY_UNAVAILABLE',
    `another node serves chain ${found} on port ${port}, which is this box's: end it, or start the box elsewhere`,
    { port },
  );
}

async function untilAnswers(node: Started, rpcUrl: string, options: EmbeddedAnvilOptions): Promise<void> {
  let over = false;
  void node.ended.then(() => {
    over = true;
  });
  const deadline = Date.now() + 60_000;
  while ((await chainIdAt(rpcUrl)) !== options.chainId) {
    if (over || Date.now() > deadline) {
      if (!over) await stop(node);
      throw new SyndicError('DEPENDENCY_UNAVAILABLE', `Anvil does not answer: see ${options.logFile}`);
    }
    await sleep(50);
  }
}

async function chainIdAt(rpcUrl: string): Promise<number | null> {
  try {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
      signal: AbortSignal.timeout(2000),
    });
    const { result } = (await response.json()) as { result?: unknown };
    return typeof result === 'string' ? Number(result) : null;
  } catch {
    // Nothing listens there (yet), or something that is no node.
    return null;
  }
}
