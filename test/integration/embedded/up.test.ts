import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sendSignal } from '../../../embedded/processes.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { canListProcesses, processesOf } from './processesOf.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', '..', 'bin', 'syndic.js');

/** What `syndic up --json` prints, of which these tests read a part. */
interface Printed {
  readonly profile: string;
  readonly plan: string;
  readonly rpcUrl: string;
  readonly httpUrl: string;
  readonly chainId: number;
  readonly ledger: string;
  readonly hospitals: readonly { slot: number; name: string; dir: string; account: string }[];
}

interface Box {
  readonly child: ChildProcess;
  readonly printed: Printed;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

let dir: string;

function launch(args: readonly string[]) {
  const child = spawn(process.execPath, [LAUNCHER, ...args, '--workdir', dir], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, ended, stderr: text(child.stderr) };
}

async function up(): Promise<Box> {
  const { child, ended, stderr } = launch(['up', '--json']);
  let out = '';
  for await (const part of child.stdout) {
    out += String(part);
    const printed = parsed(out);
    // The pipe closes here; nothing more is to come.
    if (printed !== null) return { child, ended, printed };
  }
  throw new Error(`syndic up ended before it was ready: ${await stderr}`);
}

function parsed(json: string): Printed | null {
  try {
    return JSON.parse(json) as Printed;
  } catch {
    // Only a part of it is here yet.
    return null;
  }
}

async function untilStdout({ child, stderr }: ReturnType<typeof launch>, wanted: string): Promise<void> {
  let out = '';
  for await (const part of child.stdout) {
    out += String(part);
    if (out.includes(wanted)) return;
  }
  throw new Error(`it ended without ${JSON.stringify(wanted)}: ${out}${await stderr}`);
}

/** How many of a box's processes run, by what they are. */
function census(): Record<'coordinators' | 'workers' | 'postgres' | 'anvils', number> {
  const commands = processesOf(dir).map(({ command }) => command);
  const count = (pattern: RegExp) => commands.filter((command) => pattern.test(command)).length;
  return {
    coordinators: count(/ coordinator run/),
    workers: count(/ worker run/),
    postgres: count(/bin\/postgres /),
    anvils: count(/bin\/anvil /),
  };
}

async function expectReady({ httpUrl }: Printed): Promise<void> {
  const ready = await fetch(`${httpUrl}/readyz`);
  expect(ready.status).toBe(200);
  expect(census()).toEqual({ coordinators: 1, workers: 4, postgres: 1, anvils: 1 });
}

needs('Linux (/proc)', canListProcesses)('syndic up', () => {
  let first: Printed;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'syndic-up-'));
  });

  afterAll(async () => {
    for (const { pid } of processesOf(dir)) sendSignal(pid, 'SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });

  test('prints where everything is, once the coordinator is ready', async () => {
    const { child, printed, ended } = await up();
    first = printed;
    expect(printed).toMatchObject({
      profile: join(dir, 'profile.json'),
      plan: join(dir, 'plan.json'),
      chainId: expect.any(Number),
      ledger: expect.stringMatching(/^0x[0-9a-f]{40}$/),
    });
    expect(printed.hospitals.map(({ slot, name }) => [slot, name])).toEqual([
      [1, 'cleveland'],
      [2, 'hungarian'],
      [3, 'switzerland'],
      [4, 'va'],
    ]);
    await expectReady(printed);
    child.kill('SIGKILL');
    await ended;
  });

  test('was killed: coordinator and workers end with it, and the next goes on where it was', async () => {
    await until(() => census().coordinators + census().workers === 0);
    const { child, printed, ended } = await up();
    expect(printed).toEqual(first);
    await expectReady(printed);
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(processesOf(dir)).toEqual([]);
  });

  test('and the demonstration, interrupted while it starts its processes, leaves none behind', async () => {
    const demo = launch(['demo', '--rounds', '1']);
    // Nobody reads on from here: whatever it says next meets a closed pipe, as before `| head`.
    await untilStdout(demo, 'starting one coordinator');
    demo.child.kill('SIGINT');
    expect(await demo.ended).toEqual({ code: 10, signal: null });
    expect(await demo.stderr).toContain('interrupted');
    // A command that was under way may still come to its end.
    await until(() => processesOf(dir).length === 0);
  });
});
