import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sha256 } from '../../core/sha256.ts';
import { STATUS } from '../../core/statements/entries.ts';
import { type Digest, fileName } from '../../core/values.ts';
import { TestConsortium } from '../support/consortium.ts';
import { needs } from '../support/needs.ts';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { hasS3, TestS3 } from '../support/s3.ts';

const SLOTS = [1, 2];

needs('versitygw', hasS3())('with models in S3', () => {
  needs('redis-server', hasRedis())('and the queue on Redis', () => {
    let s3: TestS3;
    let redis: TestRedis;
    let box: TestConsortium;

    beforeAll(async () => {
      [s3, redis] = await Promise.all([TestS3.start(), startRedis()]);
      const { accessKeyId, secretAccessKey } = s3.credentials;
      box = await TestConsortium.start({
        hospitals: SLOTS.length,
        coordinatorEnv: {
          ...{ POLL_SECONDS: '0.2', HEARTBEAT_SECONDS: '1', OUTBOX_SECONDS: '0.1' },
          REDIS_URL: redis.url,
          MODELS_S3_URL: s3.url('consortium'),
          MODELS_S3_CREDENTIALS: `${accessKeyId}:${secretAccessKey}`,
        },
      });
    });

    afterAll(async () => {
      await box?.close();
      await Promise.all([s3?.stop(), redis?.stop()]);
    });

    async function stored(digest: Digest): Promise<Uint8Array> {
      const object = { Bucket: s3.bucket, Key: `consortium/${fileName(digest)}` };
      const { Body } = await s3.client.send(new GetObjectCommand(object));
      if (Body === undefined) throw new Error(`${object.Key} has no body`);
      return Body.transformToByteArray();
    }

    test('a study completes, and the digests on chain are those of the objects', async () => {
      const count = SLOTS.length;
      const plan = await box.writePlan({ rounds: 2, seed: 5, startAt: count, quorum: count });
      const { detail, history } = await box.runStudy(plan);
      expect(detail).toMatchObject({ state: 'closed', completed: 2 });
      expect(history).toMatchObject({ verified: true, faults: [] });
      expect(history.rounds).toHaveLength(2);
      for (const { baseModel, globalModel, manifest, entries } of history.rounds) {
        expect(entries.map(({ slot, status }) => [slot, status])).toEqual(SLOTS.map((slot) => [slot, STATUS.INCLUDED]));
        for (const digest of [baseModel, globalModel, manifest, ...entries.map(({ update }) => update)]) {
          expect(sha256(await stored(digest))).toBe(digest);
        }
      }
      const { modelsDir, dir } = box.consortium;
      expect(readdirSync(modelsDir)).toEqual(['tmp']);
      expect(readdirSync(join(modelsDir, 'tmp'))).toEqual([]);
      const log = readFileSync(join(dir, 'logs', 'coordinator.log'), 'utf8');
      for (const secret of Object.values(s3.credentials)) expect(log).not.toContain(secret);
    });
  });
});
