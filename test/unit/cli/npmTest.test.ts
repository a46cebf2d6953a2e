import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const RUN = join(import.meta.dirname, '..', '..', 'run.ts');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'syndic-npm-test-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** Runs test files (CommonJS) as `npm test` runs ours; resolves to its last two lines and exit code. */
async function npmTest(files: Readonly<Record<string, string>>, ...args: string[]) {
  for (const [name, source] of Object.entries(files)) writeFileSync(join(dir, `${name}.test.js`), source);
  const config = JSON.stringify({ rootDir: dir, testMatch: ['<rootDir>/*.test.js'], transform: {} });
  const child = spawn(process.execPath, [RUN, '--config', config, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = (await text(child.stdout)).trimEnd().split('\n').slice(-2);
  return { code: await code, lines };
}

const lack = (what: string) => `require('fs').appendFileSync(process.env.SYNDIC_TEST_MISSING, '${what}\\n');`;
const PASS = "test('passes', () => {});";
const FAIL = "test('fails', () => { throw new Error('no'); });";

describe('npm test', () => {
  test('ends with what was left out, which is nothing, and the figures', async () => {
    const { code, lines } = await npmTest({ a: PASS, b: PASS });
    expect(lines).toEqual(['nothing was left out', '2 passed, 0 failed']);
    expect(code).toBe(0);
  });

  test('names what the machine lacks, each thing once', async () => {
    const skipped = `${lack('redis-server')}${lack('data heart')}test.skip('is skipped', () => {});`;
    const { code, lines } = await npmTest({ a: skipped, b: lack('data heart') + PASS });
    expect(lines).toEqual([
      'not tested here, because this machine lacks: data heart, redis-server',
      '1 passed, 0 failed, 1 skipped',
    ]);
    expect(code).toBe(0);
  });

  test('counts a file that cannot be run as failed', async () => {
    const { code, lines } = await npmTest({ a: PASS, b: FAIL, c: "require('./nothing');" });
    expect(lines[1]).toBe('1 passed, 2 failed');
    expect(code).toBe(1);
  });

  test('fails when there is no test', async () => {
    const { code, lines } = await npmTest({});
    expect(lines[1]).toBe('0 passed, 1 failed');
    expect(code).toBe(1);
  });

  test('hands its arguments on to Jest', async () => {
    const { lines } = await npmTest({ a: PASS, b: FAIL }, 'a.test.js');
    expect(lines[1]).toBe('1 passed, 0 failed');
  });
});
