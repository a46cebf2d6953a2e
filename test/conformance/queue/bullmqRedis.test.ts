import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createBullmqQueue } from '../../../coordinator/queue/bullmq.ts';
import { digest } from '../../../core/values.ts';
import { freePort } from '../../../embedded/freePort.ts';
import { needs } from '../../support/needs.ts';
import { hasRedis, startRedis, type TestRedis } from '../../support/redis.ts';
import { silentLog } from '../../support/silentLog.ts';
import { until } from '../../support/until.ts';
import { queueConformance } from './queueConformance.ts';

const present = hasRedis();
let redis: TestRedis;
beforeAll(async () => {
  if (present) redis = await startRedis();
});
afterAll(() => redis?.stop());

const study = () => digest(`0x${randomBytes(32).toString('hex')}`);

needs('redis-server', present)('the queue on Redis', () => {
  queueConformance({
    connect: (namespace) => createBullmqQueue({ redisUrl: redis.url, namespace }, { log: silentLog }),
    losses: {
      'every key is flushed': async () => redis.flush(),
      'the server is killed and comes back empty': async () => {
        await redis.kill();
        await redis.restart();
      },
    },
  });

  test('keeps nobody waiting while its server is away, and closes when what runs has ended', async () => {
    const warned: string[] = [];
    const log = { ...silentLog, warn: (_facts: object, message: string) => void warned.push(message) };
    const queue = await createBullmqQueue({ redisUrl: redis.url, namespace: 'away' }, { log });
    let [begun, ended] = [false, false];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await queue.start(async () => {
      begun = true;
      await held;
      ended = true;
    });
    await queue.wake(study());
    await until(() => begun);
    await redis.kill();
    try {
      await queue.wake(study());
      await queue.wake(study(), 1);
      const closed = queue.close();
      release();
      await closed;
      expect(ended).toBe(true);
      expect(warned.length).toBeGreaterThan(0);
    } finally {
      await redis.restart();
    }
  });

  test('closes also when its server has died this very moment', async () => {
    const queue = await createBullmqQueue({ redisUrl: redis.url, namespace: 'gone' }, { log: silentLog });
    await queue.start(async () => undefined);
    await redis.kill();
    try {
      await queue.close();
    } finally {
      await redis.restart();
    }
  });

  test('says so when there is no server', async () => {
    const redisUrl = `redis://127.0.0.1:${await freePort()}`;
    await expect(createBullmqQueue({ redisUrl }, { log: silentLog })).rejects.toMatchObject({
      code: 'DEPENDENCY_UNAVAILABLE',
    });
  });
});
