import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CrashBox } from '../support/crash/CrashBox.ts';
import { type Cell, nameOf, sample } from '../support/crash/cells.ts';
import { playCell } from '../support/crash/playCell.ts';
import { needs } from '../support/needs.ts';
import { hasRedis, startRedis } from '../support/redis.ts';

/** Another seed is another sample; `npm run soak -- crash` plays every cell. */
const SEED = 13;

let box: CrashBox;
let redis: Awaited<ReturnType<typeof startRedis>> | null = null;

beforeAll(async () => {
  box = await CrashBox.start();
  if (hasRedis()) redis = await startRedis();
});

afterAll(async () => {
  await box?.close();
  await redis?.stop();
});

async function play(cell: Cell): Promise<void> {
  expect(await playCell(box, cell, redis?.url)).toEqual([]);
}

describe('a study whose processes get SIGKILL right after a transition', () => {
  test.each(sample(SEED, 'PostgreSQL', 5).map((cell) => [nameOf(cell), cell] as const))(
    'ends as an undisturbed one: %s',
    async (_name, cell) => play(cell),
  );
});

needs('redis-server', hasRedis())('the same with the queue on Redis', () => {
  test.each(sample(SEED, 'Redis', 3).map((cell) => [nameOf(cell), cell] as const))(
    'ends as an undisturbed one, with the queue on Redis: %s',
    async (_name, cell) => play(cell),
  );
});
