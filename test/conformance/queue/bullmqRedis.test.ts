import { afterAll, beforeAll } from '@jest/globals';
import { createBullmqQueue } from '../../../coordinator/queue/bullmq.ts';
import { needs } from '../../support/needs.ts';
import { hasRedis, startRedis } from '../../support/redis.ts';
import { silentLog } from '../../support/silentLog.ts';
import { queueConformance } from './queueConformance.ts';

const present = hasRedis();
let redis: { url: string; stop(): Promise<void> } | null = null;
beforeAll(async () => {
  if (present) redis = await startRedis();
});
afterAll(() => redis?.stop());

needs('redis-server', present)('the queue on Redis', () => {
  queueConformance((namespace) => createBullmqQueue({ redisUrl: redis?.url ?? '', namespace }, { log: silentLog }));
});
