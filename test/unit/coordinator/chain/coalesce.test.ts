import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { coalesce } from '../../../../coordinator/chain/coalesce.ts';

describe('coalesced work', () => {
  test('runs once at a time, and those who ask meanwhile share one more run', async () => {
    let running = 0;
    let runs = 0;
    const run = coalesce(async () => {
      expect(++running).toBe(1);
      runs++;
      await sleep(5);
      running--;
    });
    await Promise.all([run(), run(), run(), run()]);
    expect(runs).toBe(2);
    await run();
    expect(runs).toBe(3);
  });

  test('a caller gets a run that began after it asked', async () => {
    let state = 'old';
    const seen: string[] = [];
    const run = coalesce(async () => {
      const at = state;
      await sleep(5);
      seen.push(at);
    });
    const first = run();
    state = 'new';
    await run();
    expect(seen).toEqual(['old', 'new']);
    await first;
  });

  test('a fault reaches those who asked for that run, and the next run goes on', async () => {
    let fail = true;
    const run = coalesce(async () => {
      await sleep(1);
      if (fail) throw new Error('once');
    });
    const first = run();
    const second = run();
    await expect(first).rejects.toThrow('once');
    fail = false;
    await expect(second).resolves.toBeUndefined();
  });

  test('never runs twice at once, whenever it is asked', async () => {
    let running = 0;
    const run = coalesce(async () => {
      expect(++running).toBe(1);
      await null;
      running--;
    });
    const asked: Promise<void>[] = [];
    for (let i = 0; i < 200; i++) {
      asked.push(run());
      for (let pause = i % 7; pause > 0; pause--) await null;
    }
    await Promise.all(asked);
  });
});
