import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { endOrphan, isAlive, sendSignal } from '../../../embedded/processes.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';

needs('Linux (/proc)', existsSync('/proc/self/stat'))('a process whose parent never asks how it ended', () => {
  test('is alive until it ends, and not after; ending it comes to an end', async () => {
    // The shell becomes a program that knows of no child.
    const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const orphan = Number(line);
      await until(() => readFileSync(`/proc/${parent.pid}/cmdline`, 'utf8').startsWith('sleep'));
      expect(isAlive(orphan)).toBe(true);
      await endOrphan(orphan, 'SIGTERM');
      expect(isAlive(orphan)).toBe(false);
      expect(existsSync(`/proc/${orphan}`)).toBe(true);
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
    }
  });
});

test('a signal to a process that has ended is none, and says nothing', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  if (child.pid === undefined) throw new Error('`true` has not started');
  sendSignal(child.pid, 'SIGKILL');
  expect(isAlive(child.pid)).toBe(false);
});
