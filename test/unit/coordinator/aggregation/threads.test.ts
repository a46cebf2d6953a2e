import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { AggregationJob, Aggregator } from '../../../../coordinator/aggregation/port.ts';
import { createThreadedAggregator } from '../../../../coordinator/aggregation/threads.ts';
import { createFilesystemStore } from '../../../../coordinator/models/filesystem.ts';
import { aggregate } from '../../../../core/aggregate/aggregate.ts';
import { readerOf } from '../../../../core/aggregate/ChunkReader.ts';
import { fedavg } from '../../../../core/aggregate/fedavg.ts';
import { initialDigest, initialModel } from '../../../../core/model/initialModel.ts';
import { checkPlanValue } from '../../../../core/plan/checkPlan.ts';
import { encodeFile } from '../../../../core/tensors/file.ts';
import { type Digest, digest, slot } from '../../../../core/values.ts';
import { temporaryFolders } from '../../../support/temporaryFolder.ts';
import { planWith } from '../../core/plan/samplePlan.ts';

const folder = temporaryFolders();
const open: Aggregator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((aggregator) => aggregator.close()));
});

const ELEMENTS = 20_000;

function file(metadata: Record<string, string>, at: (i: number) => number): Uint8Array {
  const data = Float32Array.from({ length: ELEMENTS }, (_, i) => at(i));
  return encodeFile([{ name: 'dense/kernel', shape: [ELEMENTS], data }], metadata);
}

const wave = (seed: number) => (i: number) => Math.sin(seed * 1000 + i);
const base = file({}, wave(0));
const update = (of: number, at: (i: number) => number = wave(of)) =>
  file({ salt: `0x${String(of).padStart(64, '0')}` }, at);

async function setUp(updates: readonly Uint8Array[]) {
  const dir = await folder();
  const models = await createFilesystemStore({ dir });
  const put = async (bytes: Uint8Array) => (await models.put([bytes], bytes.byteLength)).digest;
  const job: AggregationJob = {
    strategy: { name: 'fedavg' },
    base: await put(base),
    updates: await Promise.all(
      updates.map(async (bytes, i) => ({ slot: slot(i + 1), update: await put(bytes), weight: 10 * (i + 1) })),
    ),
  };
  const aggregator = (threads: number, blockBytes: number) => {
    const made = createThreadedAggregator({ store: { kind: 'filesystem', dir }, threads, blockBytes }, { models });
    open.push(made);
    return made;
  };
  return { dir, models, job, aggregator };
}

async function expected(updates: readonly Uint8Array[]): Promise<Digest> {
  const weighed = updates.map((bytes, i) => ({ slot: i + 1, weight: 10 * (i + 1), read: readerOf(bytes) }));
  return (await aggregate({ strategy: fedavg, base: readerOf(base), updates: weighed, write: () => {} })).digest;
}

describe('aggregation in threads', () => {
  test('gives the bytes of core/aggregate with any number of threads and any block size', async () => {
    const updates = [update(1), update(2), update(3)];
    const { job, aggregator, models } = await setUp(updates);
    const want = await expected(updates);
    for (const [threads, blockBytes] of [
      [1, 1 << 20],
      [1, 4096],
      [2, 4096],
      [3, 10_000],
      [4, 1000],
    ] as const) {
      const result = await aggregator(threads, blockBytes).aggregate(job);
      expect(result).toEqual({ global: want, length: base.byteLength });
    }
    expect(await models.size(want)).toBe(base.byteLength);
  });

  test('stores the initial model of a plan, and nothing when it is not the one expected', async () => {
    const { dir, aggregator, models, job } = await setUp([update(1), update(2)]);
    const { plan } = checkPlanValue(planWith(['model', { kind: 'mlp', hidden: [700, 700] }]));
    const want = initialDigest(plan);
    const before = await readdir(dir);
    const threaded = aggregator(2, 4096);
    await expect(threaded.initial({ ...plan, seed: plan.seed + 1 }, want)).rejects.toMatchObject({
      code: 'WRONG_BASE',
    });
    expect(await readdir(dir)).toEqual(before);
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
    await threaded.initial(plan, want);
    expect(Buffer.compare(await models.read(want, 0, 1 << 24), initialModel(plan))).toBe(0);
    expect((await threaded.aggregate(job)).length).toBe(base.byteLength);
  });

  test('works on the next job after one that failed, with the same threads', async () => {
    // Overflows in the last block only, when the other threads are done or waiting.
    const huge = (i: number) => (i === ELEMENTS - 1 ? 3e38 : 0.5);
    const updates = [update(1), update(2)];
    const { dir, job, aggregator, models } = await setUp([...updates, update(3, huge), update(4, huge)]);
    const [first, second, third, fourth] = job.updates;
    if (!first || !second || !third || !fourth) throw new Error('four updates were made');
    const { digest: hugeBase } = await models.put([file({}, huge)], 1 << 20);
    const missing = digest(`0x${'00'.repeat(32)}`);
    const threaded = aggregator(3, 4096);
    const want = await expected(updates);
    const faults: readonly [code: string, job: AggregationJob][] = [
      ['AGGREGATE_NOT_FINITE', { ...job, base: hugeBase, updates: [third, fourth] }],
      ['STATE_CONFLICT', { ...job, updates: [third] }],
      ['NOT_FOUND', { ...job, updates: [first, { ...second, update: missing }] }],
      ['NOT_FOUND', { ...job, base: missing }],
    ];
    for (const [code, faulty] of faults) {
      await expect(threaded.aggregate(faulty)).rejects.toMatchObject({ code });
      expect((await threaded.aggregate({ ...job, updates: [first, second] })).global).toBe(want);
    }
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
  });

  test('does one job after the other, and none once it is closing', async () => {
    const updates = [update(1), update(2)];
    const { job, aggregator } = await setUp(updates);
    const threaded = aggregator(2, 4096);
    const results = await Promise.all([threaded.aggregate(job), threaded.aggregate(job), threaded.aggregate(job)]);
    const want = await expected(updates);
    expect(results.map(({ global }) => global)).toEqual([want, want, want]);
    const last = threaded.aggregate(job);
    await threaded.close();
    expect((await last).global).toBe(want);
    await expect(threaded.aggregate(job)).rejects.toMatchObject({ code: 'COORDINATOR_UNAVAILABLE' });
  });
});
