import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Programs } from '../../../../bench/peers/Programs.ts';
import { readProcesses } from '../../../../bench/procfs.ts';
import { needs } from '../../../support/needs.ts';
import { temporaryFolders } from '../../../support/temporaryFolder.ts';
import { until } from '../../../support/until.ts';

const runs = (pid: number) => readProcesses().get(pid)?.zombie === false;
/** The kernel takes a moment from the end of a process's memory to the end of the process. */
const untilGone = (...pids: number[]) => until(() => !pids.some(runs));

needs('Linux (/proc)', existsSync('/proc/self/environ'))('the programs of one measurement', () => {
  const newFolder = temporaryFolders();
  const never = new AbortController().signal;
  let stranger: ChildProcess | undefined;
  afterEach(() => {
    stranger?.kill('SIGKILL');
  });

  test('end with what they started, though its parent has gone; others stay', async () => {
    const dir = await newFolder();
    stranger = spawn('sleep', ['60']);
    const programs = await Programs.in(dir, {}, never);
    const { pid } = await programs.start('stays', 'sleep', ['60']);
    await programs.run('leaves', 'sh', ['-c', 'sleep 60 & echo $! > orphan']);
    const orphan = Number(await readFile(join(dir, 'orphan'), 'utf8'));
    expect([runs(pid), runs(orphan)]).toEqual([true, true]);
    await programs.end();
    await untilGone(pid, orphan);
    expect(runs(stranger.pid ?? 0)).toBe(true);
  });

  test('tell with their last lines that they failed', async () => {
    const programs = await Programs.in(await newFolder(), {}, never);
    const failed = programs.run('fails', 'sh', ['-c', 'echo this is why; exit 3']);
    await expect(failed).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: 'fails ended (exit code 3):\nthis is why',
    });
    const server = await programs.start('server', 'sh', ['-c', 'echo no port; exit 4']);
    await expect(programs.until(() => false, [server])).rejects.toThrow('server ended (exit code 4):\nno port');
  });

  test('are no longer waited for once the measurement is given up', async () => {
    const giveUp = new AbortController();
    const programs = await Programs.in(await newFolder(), {}, giveUp.signal);
    const server = await programs.start('server', 'sleep', ['60']);
    const waits = [programs.run('client', 'sleep', ['60']), programs.until(() => false, [server])];
    const settled = Promise.allSettled(waits);
    giveUp.abort(new Error('interrupted'));
    expect(await settled).toMatchObject(waits.map(() => ({ reason: { message: 'interrupted' } })));
    await expect(programs.start('late', 'sleep', ['60'])).rejects.toThrow('interrupted');
    await programs.end();
    await untilGone(server.pid);
  });
});
