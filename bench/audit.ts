import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connectNodes } from '../audit/agreeing.ts';
import { type Progress, verify } from '../audit/verify.ts';
import { openPlace } from '../cli/audit/options.ts';
import { inThreads } from '../cli/audit/remakingThreads.ts';
import type { Address, StudyId } from '../core/values.ts';
import { NODE_FLAGS, SYNDIC } from '../embedded/runSyndic.ts';
import { startWorld } from '../test/integration/chain/world.ts';
import type { Figure, Scenario } from './Figure.ts';
import { finishedStudy } from './finishedStudy.ts';
import { cpuSeconds, memoryOf, unlessEnded } from './procfs.ts';

export interface AuditOptions {
  readonly name: string;
  readonly rounds: number;
  readonly members: number;
  /** Hidden units of the model's two layers: 4,096 make 64 MiB, 510 make 1 MiB. */
  readonly width: number;
  readonly aim: string;
}

interface Run {
  readonly seconds: number;
  readonly peakMiB: number;
  readonly cpu: number;
}

/**
 * `syndic audit verify` of a whole study, from a node and from a bundle, each a process of its own over files that are in
 * no cache; beside it, what `cat` takes for the same files in the same state.
 */
export function audit({ name, rounds, members, width, aim }: AuditOptions): Scenario {
  return async (tell) => {
    const dir = await mkdtemp(join(tmpdir(), 'syndic-bench-'));
    tell(`${name}: making ${rounds} rounds of ${members} members`);
    const world = await startWorld({ members });
    try {
      const { study, deployment, artifacts } = await finishedStudy(world, { dir, width, rounds, tell });
      const chain = ['--rpc', world.rpcUrl, '--deployment', deployment, '--artifacts', artifacts];
      const bundle = join(dir, 'bundle.json');
      const { stdout } = await syndic([
        ...['audit', 'export', study, ...chain, '--consensus', 'ethereum', '--out', bundle, '--json'],
      ]);
      const { hash } = JSON.parse(stdout) as { hash: string };
      const figures: Figure[] = [];
      const measure = async (how: string, args: readonly string[], files: readonly string[]) => {
        const state = await coolDown();
        tell(`${how}, ${state} files`);
        const floor = await readAll(files);
        await coolDown();
        const run = await verified(args);
        const what = `${name}, ${how}, ${state} files`;
        figures.push(
          { name: `${what}: verify`, value: run.seconds, unit: 's', floor, aim },
          { name: `${what}: … beyond cat`, value: run.seconds - floor, unit: 's' },
          { name: `${what}: … CPU`, value: run.cpu, unit: 's' },
          { name: `${what}: … peak memory`, value: run.peakMiB, unit: 'MiB' },
        );
      };
      const files = await filesIn(artifacts);
      await measure('from a node', ['audit', 'verify', study, ...chain], files);
      figures.push(...(await parts(name, { rpc: world.rpcUrl, ledger: world.contracts.ledger, study, artifacts })));
      const offline = ['--bundle', bundle, '--trusted-block', hash, '--artifacts', artifacts];
      await measure('from a bundle', ['audit', 'verify', ...offline], [bundle, ...files]);
      figures.push({ name: `${name}: bundle`, value: (await stat(bundle)).size / 2 ** 20, unit: 'MiB' });
      return figures;
    } finally {
      await world.stop();
      await rm(dir, { recursive: true, force: true });
    }
  };
}

/** How long each part takes, from a node, in this process, which is warm, and over cached files. Models go on meanwhile. */
async function parts(
  name: string,
  at: { readonly rpc: string; readonly ledger: Address; readonly study: StudyId; readonly artifacts: string },
): Promise<Figure[]> {
  const took = new Map<string, number>();
  let [part, began] = ['', performance.now()];
  const onProgress = ({ what }: Pick<Progress, 'what'>) => {
    const now = performance.now();
    if (part !== '') took.set(part, (took.get(part) ?? 0) + now - began);
    [part, began] = [what, now];
  };
  const chain = await connectNodes([at.rpc]);
  try {
    const { ledger, study } = at;
    const places = [openPlace(at.artifacts)];
    const wanted = { chain, ledger, study, artifacts: places, onProgress };
    await inThreads(places, (remaking) => verify({ ...wanted, remaking }));
    onProgress({ what: '' });
  } finally {
    chain.close();
  }
  return [...took].map(([what, milliseconds]) => ({
    name: `${name}: … ${what}`,
    value: milliseconds / 1000,
    unit: 's',
  }));
}

/** Empties the page cache where that is allowed: it needs root, and Linux. */
async function coolDown(): Promise<'cold' | 'cached'> {
  try {
    await ended(spawn('sync', { stdio: 'ignore' }));
    await writeFile('/proc/sys/vm/drop_caches', '3');
    return 'cold';
  } catch {
    return 'cached';
  }
}

async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).map((file) => join(folder, file));
}

/** Seconds of `cat` over all of them. */
async function readAll(files: readonly string[]): Promise<number> {
  const began = performance.now();
  const cat = spawn('xargs', ['-0', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
  cat.stdin.end(files.join('\0'));
  await ended(cat);
  return (performance.now() - began) / 1000;
}

async function verified(args: readonly string[]): Promise<Run> {
  const began = performance.now();
  const { stdout, peakMiB, cpu } = await syndic([...args, '--json']);
  const seconds = (performance.now() - began) / 1000;
  const { verified, unchecked } = JSON.parse(stdout) as { verified: boolean; unchecked: unknown[] };
  if (!verified || unchecked.length > 0) throw new Error(`not all was verified: ${JSON.stringify(unchecked)}`);
  return { seconds, peakMiB, cpu };
}

/** Milliseconds between two looks at a process: what it does after the last is not counted. */
const LOOK = 20;

async function syndic(args: readonly string[]) {
  const child = spawn(process.execPath, [...NODE_FLAGS, SYNDIC, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { pid = 0 } = child;
  let used = { peakMiB: 0, cpu: 0 };
  const look = () =>
    unlessEnded(() => ({ peakMiB: Math.max(used.peakMiB, memoryOf(pid).peak), cpu: cpuSeconds(pid) })) ?? used;
  const looks = setInterval(() => {
    used = look();
  }, LOOK);
  try {
    const [stdout] = await Promise.all([text(child.stdout), ended(child)]);
    return { stdout, ...used };
  } finally {
    clearInterval(looks);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${child.spawnargs.slice(0, 5).join(' ')} ended with ${signal ?? code}`);
}
