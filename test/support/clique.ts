import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type FoundValidator, foundChain } from '../../deploy/chain/found.ts';
import { freePort } from '../../embedded/freePort.ts';
import { isAlive } from '../../embedded/processes.ts';
import { until } from './until.ts';

/** Whether this machine has a go-ethereum that still seals (1.13; later ones do not). */
export function hasGeth(): boolean {
  const { status, stdout } = spawnSync('geth', ['version'], { encoding: 'utf8' });
  return status === 0 && /^Version: 1\.13\./m.test(stdout);
}

interface Sealer extends FoundValidator {
  readonly rpcUrl: string;
  readonly httpPort: number;
  /** The shell that holds it; null while it is down. */
  holder: ChildProcess | null;
  pid: number;
}

export interface BlockOnNode {
  readonly number: number;
  readonly hash: string;
}

const SEALERS = 3;
/** Writes the child's pid, and ends it when standard input ends: with this process, killed or not. */
const HOLD =
  'sh "$0" </dev/null >>"$1" 2>&1 & child=$!; echo "$child"; read -r _; kill "$child" 2>/dev/null; wait "$child"';

/**
 * Three sealers of a Clique chain, each a process with a folder of its own, founded and started by what `deploy/chain`
 * ships. They are numbered 0, 1, 2. Nothing of them is left when this process ends or `stop` was called.
 *
 * @example
 * const network = await CliqueNetwork.start();   // in beforeAll
 * const fork = await network.fork(2);            // 2 is alone with a block of its own …
 * await network.rejoin(2);                       // … which is reorged away
 * await network.stop();                          // in afterAll
 */
export class CliqueNetwork {
  readonly chainId: number;
  readonly dir: string;
  readonly #sealers: readonly Sealer[];

  private constructor(dir: string, chainId: number, sealers: readonly Sealer[]) {
    this.dir = dir;
    this.chainId = chainId;
    this.#sealers = sealers;
  }

  static async start(): Promise<CliqueNetwork> {
    // Short: the path of a socket below it may have a hundred characters.
    const dir = await mkdtemp(join(tmpdir(), 'syndic-clique-'));
    const chainId = randomInt(100_000, 2 ** 31);
    const places = [];
    for (let i = 0; i < SEALERS; i++)
      places.push({ dir: join(dir, `${i}`), host: '127.0.0.1', port: await freePort() });
    const found = await foundChain({ kind: 'clique', chainId, places });
    const sealers: Sealer[] = [];
    for (const one of found) {
      const httpPort = await freePort();
      sealers.push({ ...one, httpPort, rpcUrl: `http://127.0.0.1:${httpPort}`, holder: null, pid: 0 });
    }
    const network = new CliqueNetwork(dir, chainId, sealers);
    try {
      await Promise.all(sealers.map((_, i) => network.restart(i)));
      await until(() => network.agree(3));
      return network;
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  get rpcUrls(): string[] {
    return this.#sealers.map(({ rpcUrl }) => rpcUrl);
  }

  pid(i: number): number {
    return this.#at(i).pid;
  }

  logFile(i: number): string {
    return join(this.#at(i).dir, 'log');
  }

  /** Ends a sealer without a warning. */
  async kill(i: number): Promise<void> {
    const sealer = this.#at(i);
    if (sealer.holder === null) return;
    process.kill(sealer.pid, 'SIGKILL');
    await release(sealer);
  }

  /** Starts a sealer that is down, on the folder that it left; resolves when it answers. */
  async restart(i: number): Promise<void> {
    const sealer = this.#at(i);
    const log = join(sealer.dir, 'log');
    await (await open(log, 'a')).close();
    const holder = spawn('/bin/sh', ['-c', HOLD, join(sealer.dir, 'sealer.sh'), log], {
      // It would tell of a sealer that was killed.
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, HTTP_PORT: String(sealer.httpPort), CACHE_MB: '64' },
    });
    sealer.holder = holder;
    sealer.pid = Number(await firstLine(holder));
    await until(async () => {
      if (!isAlive(sealer.pid)) throw new Error(`sealer ${i} ended:\n${await lastLines(log)}`);
      return (await this.#height(i)) !== null;
    });
  }

  /**
   * Cuts a sealer off from the others until each side has gone on by itself.
   *
   * @returns its newest block, which the others do not have
   */
  async fork(i: number): Promise<BlockOnNode> {
    for (let tries = 0; tries < 10; tries++) {
      // It may not seal two blocks in a row.
      await until(async () => (await this.#lastSigner(i)) !== this.#at(i).address);
      await this.#disconnect(i);
      const began = (await this.#height(this.#otherThan(i))) ?? 0;
      // Long enough for one block by a sealer alone, which may have made the last one after all, and then makes none.
      await until(async () => ((await this.#height(this.#otherThan(i))) ?? 0) > began + 3);
      const own = await this.block(i, 'latest');
      const theirs = own === null ? null : await this.block(this.#otherThan(i), own.number);
      if (own !== null && theirs !== null && theirs.hash !== own.hash) return own;
      await this.rejoin(i);
    }
    throw new Error(`sealer ${i} made no block of its own in ten tries: see ${this.logFile(i)}`);
  }

  /** Connects a sealer again, and waits until it has the others' chain. */
  async rejoin(i: number): Promise<void> {
    let asked = 0;
    await until(async () => {
      // A node that was dialled a moment ago is not dialled again: asking once is not enough.
      if (Date.now() > asked + 5000) {
        await this.#eachWay(i, 'admin_addPeer');
        asked = Date.now();
      }
      return await this.agree(0);
    });
  }

  /** Whether all sealers have the same block a little below the lowest head, which is at least `height`. */
  async agree(height: number): Promise<boolean> {
    const heads = await Promise.all(this.#sealers.map((_, i) => this.block(i, 'latest')));
    const numbers = heads.map((head) => head?.number ?? -1);
    const common = Math.min(...numbers);
    if (common < height || Math.max(...numbers) > common + 2) return false;
    const blocks = await Promise.all(this.#sealers.map((_, i) => this.block(i, common)));
    return new Set(blocks.map((one) => one?.hash)).size === 1;
  }

  /** A block as a sealer has it now; null when it has none, or does not answer. */
  async block(i: number, at: number | 'latest'): Promise<BlockOnNode | null> {
    const tag = typeof at === 'number' ? `0x${at.toString(16)}` : at;
    const found = (await this.#ask(i, 'eth_getBlockByNumber', [tag, false])) as Record<string, string> | null;
    return found === null ? null : { number: Number(found.number), hash: found.hash ?? '' };
  }

  /** Calls a method of a sealer's administration (admin, clique, …), which its socket serves and HTTP does not. */
  async administer(i: number, method: string, ...params: readonly unknown[]): Promise<unknown> {
    return await tell(this.#at(i), method, params);
  }

  /** Ends all sealers and removes their folders. Twice is once. */
  async stop(): Promise<void> {
    await Promise.all(this.#sealers.map(release));
    await rm(this.dir, { recursive: true, force: true });
  }

  #at(i: number): Sealer {
    const sealer = this.#sealers[i];
    if (sealer === undefined) throw new RangeError(`there is no sealer ${i}`);
    return sealer;
  }

  #otherThan(i: number): number {
    return (i + 1) % SEALERS;
  }

  async #height(i: number): Promise<number | null> {
    return (await this.block(i, 'latest'))?.number ?? null;
  }

  async #lastSigner(i: number): Promise<unknown> {
    const height = (await this.#height(i)) ?? 0;
    return await this.administer(i, 'clique_getSigner', `0x${height.toString(16)}`);
  }

  async #ask(i: number, method: string, params: readonly unknown[]): Promise<unknown> {
    try {
      const response = await fetch(this.#at(i).rpcUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        signal: AbortSignal.timeout(10_000),
      });
      return ((await response.json()) as { result?: unknown }).result ?? null;
    } catch {
      // It is down, or not up yet.
      return null;
    }
  }

  async #disconnect(i: number): Promise<void> {
    await until(async () => {
      await this.#eachWay(i, 'admin_removePeer');
      return (await this.#ask(i, 'net_peerCount', [])) === '0x0';
    });
  }

  async #eachWay(i: number, method: string): Promise<void> {
    const one = this.#at(i);
    const others = this.#sealers.filter((other) => other !== one);
    await Promise.all(others.flatMap((other) => [tell(one, method, [other.enode]), tell(other, method, [one.enode])]));
  }
}

/** Lets the holder end: it ends the sealer, if that has not ended. */
async function release(sealer: Sealer): Promise<void> {
  const { holder, pid } = sealer;
  if (holder === null) return;
  sealer.holder = null;
  if (holder.exitCode !== null) return;
  const ended = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
  holder.stdin?.end();
  const timer = setTimeout(() => process.kill(pid, 'SIGKILL'), 60_000);
  await ended;
  clearTimeout(timer);
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the holder has no standard output');
  for await (const line of createInterface({ input: stdout })) return line;
  throw new Error('the holder ended at once');
}

async function tell({ dir }: Sealer, method: string, params: readonly unknown[]): Promise<unknown> {
  const socket = connect(join(dir, 'geth.ipc'));
  try {
    socket.write(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
    for await (const line of createInterface({ input: socket })) {
      const { error, result } = JSON.parse(line) as { error?: { message: string }; result?: unknown };
      if (error !== undefined) throw new Error(`${method}: ${error.message}`);
      return result;
    }
    throw new Error(`${method}: no answer`);
  } finally {
    socket.destroy();
  }
}

async function lastLines(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim().split('\n').slice(-10).join('\n');
}
