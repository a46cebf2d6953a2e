import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { needs } from '../../support/needs.ts';
import { cleanEnv, LAUNCHER } from './spawn.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'syndic-launcher-'));
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } });`;
  writeFileSync(join(dir, 'old.mjs'), pretend);
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** The launcher on a Node that says it is older than it is. */
function start(...args: string[]): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, ['--import', join(dir, 'old.mjs'), LAUNCHER, ...args], { env: cleanEnv() });
  return Object.assign(child, { stdout: child.stdout, stderr: child.stderr });
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}

/** The pid of the one process that `pid` started, once it runs our program. */
async function childOf(pid: number | undefined): Promise<number> {
  for (;;) {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    if (child && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('syndic.js')) return Number(child);
    await sleep(20);
  }
}

async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
    await sleep(20);
}

describe('on a Node too old for TypeScript, the launcher', () => {
  test('hands on arguments, output and exit code, and adds no noise', async () => {
    const child = start('plan', 'check', '/no such file', '--json');
    const [{ code }, out, err] = await Promise.all([ended(child), text(child.stdout), text(child.stderr)]);
    expect(code).toBe(5);
    expect(out).toBe('');
    expect(JSON.parse(err).error.message).toContain('/no such file');
  });

  test('hands on standard input', async () => {
    const child = start('plan', 'check', '-');
    child.stdin?.end('schema: syndic.plan/2\n');
    const [{ code }, err] = await Promise.all([ended(child), text(child.stderr)]);
    expect(code).toBe(3);
    expect(err).toContain('schema');
  });
});

needs('Linux (/proc)', existsSync('/proc/self/task'))('the launcher and its child', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('end alike on %s', async (signal) => {
    const child = start('plan', 'check', '-');
    const pid = await childOf(child.pid);
    child.kill(signal);
    expect(await ended(child)).toEqual({ code: null, signal });
    await gone(pid);
  });

  test('leave nothing running when the launcher is killed outright', async () => {
    const child = start('plan', 'check', '-');
    const pid = await childOf(child.pid);
    // Not before the child listens for it.
    await sleep(500);
    child.kill('SIGKILL');
    await ended(child);
    await gone(pid);
  });
});
