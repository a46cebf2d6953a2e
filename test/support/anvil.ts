import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** A chain of a test's own. */
export interface TestChain {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Ends the chain; nothing of it is left. Twice is once. */
  stop(): Promise<void>;
}

export interface AnvilOptions {
  /** Random by default, so that nothing signed for one test counts in another. */
  readonly chainId?: number;
  /** Seconds between blocks. Default: a block a transaction, at once. */
  readonly blockTime?: number;
  /** Blocks are made by `evm_mine` alone. */
  readonly noMining?: boolean;
  /** Blocks by which `finalized` lags, halved. Default 0: `finalized` is the latest block. */
  readonly slotsInAnEpoch?: number;
  /** Wei; default 0, so that accounts without money can send. */
  readonly baseFee?: number;
  /** Unlocked accounts, for which the node signs. Default 0. */
  readonly accounts?: number;
  readonly port?: number;
  /** More command line, as Anvil has it. */
  readonly args?: readonly string[];
}

/**
 * Starts Anvil from npm on a free port. It ends with this process, killed or not: the shell that holds it waits for
 * the end of its standard input.
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<TestChain> {
  const chainId = options.chainId ?? randomInt(100_000, 2 ** 31);
  const holder = spawn('/bin/sh', ['-c', HOLD, anvilBinary(), ...argumentsOf(options, chainId)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  const stop = async () => {
    holder.stdin.end();
    await exited;
  };
  try {
    const address = await listening(holder);
    return { rpcUrl: `http://${address}`, chainId, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The native binary; npm's wrapper around it would be one more process to end. */
export function anvilBinary(): string {
  const platform = process.platform === 'win32' ? 'win32' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const require = createRequire(import.meta.url);
  const wrapper = dirname(require.resolve('@foundry-rs/anvil/package.json'));
  const candidates = [
    join(wrapper, '..', `anvil-${platform}-${arch}`, 'bin', 'anvil'),
    join(wrapper, 'node_modules', '@foundry-rs', `anvil-${platform}-${arch}`, 'bin', 'anvil'),
    join(wrapper, 'dist', 'anvil'),
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no Anvil binary for ${platform}-${arch}: run \`npm ci\``);
  return found;
}

const HOLD = '"$0" "$@" </dev/null & child=$!; read -r _; kill "$child" 2>/dev/null; wait "$child"';

function argumentsOf(options: AnvilOptions, chainId: number): string[] {
  return [
    ...['--host', '127.0.0.1', '--port', String(options.port ?? 0), '--chain-id', String(chainId)],
    ...['--accounts', String(options.accounts ?? 0), '--hardfork', 'prague', '--gas-limit', '100000000'],
    ...['--block-base-fee-per-gas', String(options.baseFee ?? 0), '--gas-price', '0'],
    ...['--slots-in-an-epoch', String(options.slotsInAnEpoch ?? 0)],
    ...(options.blockTime === undefined ? [] : ['--block-time', String(options.blockTime)]),
    ...(options.noMining === true ? ['--no-mining'] : []),
    ...(options.args ?? []),
  ];
}

/** Resolves to `host:port` once Anvil says that it listens. */
function listening(holder: ChildProcess): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const failed = () => reject(new Error(`Anvil did not start:\n${said.join('\n')}`));
    const timer = setTimeout(failed, 120_000);
    const settle = (action: () => void) => {
      clearTimeout(timer);
      action();
    };
    holder.once('close', () => settle(failed));
    for (const stream of [holder.stdout, holder.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        if (said.length < 200) said.push(line);
        const address = /^Listening on (\S+)/.exec(line)?.[1];
        if (address !== undefined) settle(() => resolve(address));
      });
    }
  });
}
