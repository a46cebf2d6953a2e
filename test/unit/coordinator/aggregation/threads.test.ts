import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { AggregationJob, Aggregator } from '../../../../coordinator/aggregation/port.ts';
import { createThreadedAggregator } from '../../../../coordinator/aggregation/threads.ts';
import { createFilesystemStore } from '../../../../coordinator/models/filesystem.ts';
import { aggregate } from '../../../../core/aggregate/aggregate.ts';
import { readerOf } from '../../../../core/aggregate/ChunkReader.ts';
import { fedavg } from '../../../../core/aggregate/fedavg.ts';
import { encodeFile } from '../../../../core/tensors/file.ts';
import { type Digest, digest, slot } from '../../../../core/values.ts';
import { temporaryFolders } from '../../../support/temporaryFolder.ts';

const folder = temporaryFolders();
const open: Aggregator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((aggregator) => aggregator.close()));
});

const ELEMENTS = 20_000;

function file(seed: number, metadata: Record<string, string>, at: (i: number) => number): Uint8Array {
  const data = Float32Array.from({ length: ELEMENTS }, (_, i) => at(i) * Math.sin(seed * 1000 + i));
  return encodeFile([{ name: 'dense/kernel', shape: [ELEMENTS], data }], metadata);
}

const base = file(0, {}, () => 1);
const update = (of: number, at: (i: number) => number = () => 0.1) =>
  file(of, { salt: `0x${String(of).padStart(64, '0')}` }, at);

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

  test('works on the next job after one that failed, with the same threads', async () => {
    const broken = update(2, (i) => (i === ELEMENTS - 1 ? 3e38 : 0.1));
    const updates = [update(1), update(3)];
    const { dir, job, aggregator, models } = await setUp([...updates, broken, broken]);
    const { digest: twin } = await models.put([file(9, {}, (i) => (i === ELEMENTS - 1 ? 3e38 : 1))], 1 << 20);
    const threaded = aggregator(3, 4096);
    const [first, second, third, fourth] = job.updates;
    if (!first || !second || !third || !fourth) throw new Error('four updates were made');
    const overflow = { ...job, base: twin, updates: [third, fourth].map((of) => ({ ...of, weight: 1 })) };
    // Whether it overflows depends on the sine there; a base and two updates that agree in sign surely do.
    const last = Math.sin(9000 + ELEMENTS - 1) * Math.sin(2000 + ELEMENTS - 1);
    expect(Math.abs(last)).toBeGreaterThan(0);
    await expect(threaded.aggregate({ ...overflow, updates: [third] })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    const good = await threaded.aggregate({ ...job, updates: [first, second] });
    expect(good.global).toBe(await expected(updates));
    const missing = digest(`0x${'00'.repeat(32)}`);
    await expect(
      threaded.aggregate({ ...job, updates: [first, { ...second, update: missing }] }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(threaded.aggregate({ ...job, base: missing })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await threaded.aggregate({ ...job, updates: [first, second] })).global).toBe(good.global);
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
  });
});
