import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { OUTCOME } from '../../core/statements/entries.ts';
import type { StudyId } from '../../core/values.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';
import { needs } from '../support/needs.ts';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const SLOTS = [1, 2];
const ROUNDS = 2;

let box: TestConsortium;
let plan: string;

beforeAll(async () => {
  box = await TestConsortium.start({
    hospitals: SLOTS.length,
    coordinatorEnv: { POLL_SECONDS: '0.2', HEARTBEAT_SECONDS: '1', OUTBOX_SECONDS: '0.1' },
  });
  const count = SLOTS.length;
  plan = await box.writePlan({ rounds: ROUNDS, seed: 5, startAt: count, quorum: count });
});

afterAll(async () => {
  await box?.close();
});

describe('a study whose queue is in PostgreSQL', () => {
  test.each([
    ['the schema is', 'DROP SCHEMA bullmq CASCADE'],
    ['the table of jobs is', 'DROP TABLE bullmq.job CASCADE'],
  ])('completes although %s dropped meanwhile', async (_, sql) => {
    const study = await midway();
    await execute(sql);
    awake();
    expectWhole(await box.follow(study));
  });
});

needs('redis-server', hasRedis())('a study whose queue is on Redis', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startRedis();
    await box.stopCoordinator();
    await box.startCoordinator({ REDIS_URL: redis.url });
  });

  afterAll(async () => {
    await box.stopCoordinator();
    await redis?.stop();
  });

  test('completes although every key is flushed meanwhile', async () => {
    const study = await midway();
    redis.flush();
    awake();
    expectWhole(await box.follow(study));
  });

  test('takes updates in while Redis is dead, and completes when it is back, empty', async () => {
    const study = await midway();
    await redis.kill();
    awake();
    try {
      await until(async () => (await statesOf(study)).every((state) => state === 'accepted'));
    } finally {
      await redis.restart();
    }
    expectWhole(await box.follow(study));
  });
});

/** A study in its first round, which cannot end: one of its workers is asleep. */
async function midway(): Promise<StudyId> {
  process.kill(box.worker(2).pid, 'SIGSTOP');
  const study = await box.openStudy(plan);
  await until(async () => (await statesOf(study))[0] === 'accepted');
  expect(await statesOf(study)).not.toEqual(['accepted', 'accepted']);
  return study;
}

function awake(): void {
  process.kill(box.worker(2).pid, 'SIGCONT');
}

/** Of the first round's tasks, by slot. */
async function statesOf(study: StudyId): Promise<string[]> {
  const { attempts } = await (await box.client()).show(study);
  const tasks = attempts[0]?.tasks ?? [];
  return SLOTS.map((slot) => tasks.find((task) => task.slot === slot)?.state ?? 'none');
}

function expectWhole({ detail, history }: StudyRun): void {
  expect(detail).toMatchObject({ state: 'closed', completed: ROUNDS });
  expect(history).toMatchObject({ verified: true, faults: [] });
  expect(history.rounds.map(({ round, outcome }) => [round, outcome])).toEqual([
    [1, OUTCOME.COMPLETED],
    [2, OUTCOME.COMPLETED],
  ]);
}

async function execute(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: box.consortium.services.database.url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
