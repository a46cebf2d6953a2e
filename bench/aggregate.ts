import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createThreadedAggregator } from '../coordinator/aggregation/threads.ts';
import { createFilesystemStore } from '../coordinator/models/filesystem.ts';
import type { ModelStore } from '../coordinator/models/port.ts';
import { encodeHeader } from '../core/tensors/header.ts';
import { bytesToHex, type Digest, fileName, slot } from '../core/values.ts';
import { type Figure, median, type Scenario } from './Figure.ts';
import { peakMiB, resetPeak } from './procfs.ts';

const MIB = 1024 * 1024;
const UPDATES = 8;
const REPEATS = 5;

/** Eight updates of so many MiB, aggregated as the coordinator does, beside what reading, hashing and writing cost. */
export function aggregation(mebibytes: number): Scenario {
  return async (tell) => {
    // All of a coordinator's code is loaded, so that the process is as large as one.
    await import('../coordinator/main.ts');
    const dir = await mkdtemp(join(tmpdir(), 'syndic-bench-'));
    try {
      const models = await createFilesystemStore({ dir });
      const aggregator = createThreadedAggregator({ store: { kind: 'filesystem', dir } }, { models });
      tell(`making a base and ${UPDATES} updates of ${mebibytes} MiB`);
      const base = await makeFile(models, mebibytes, {});
      const updates: { slot: ReturnType<typeof slot>; update: Digest; weight: number }[] = [];
      for (let k = 1; k <= UPDATES; k++) {
        const update = await makeFile(models, mebibytes, { salt: bytesToHex(randomBytes(32)) });
        updates.push({ slot: slot(k), update, weight: 100 + k });
      }
      const job = { strategy: { name: 'fedavg' as const }, base, updates };
      // Threads, code and page cache are warm afterwards, as they are in a coordinator that has done a round.
      const { global } = await aggregator.aggregate(job);
      await models.delete(global);
      resetPeak();
      const before = peakMiB();
      const seconds: number[] = [];
      const floors: number[] = [];
      for (let k = 0; k < REPEATS; k++) {
        tell(`run ${k + 1} of ${REPEATS}`);
        seconds.push(await timed(async () => void (await aggregator.aggregate(job))));
        floors.push(floor(dir, [base, ...updates.map(({ update }) => update)], global));
        await models.delete(global);
      }
      const grown = peakMiB() - before;
      await aggregator.close();
      const name = `aggregate ${UPDATES} × ${mebibytes} MiB`;
      const least = median(floors);
      return [
        { name, value: median(seconds), unit: 's', floor: least, aim: 'at most 2 × the floor; 1.2 × is aimed at' },
        { name: `${name}: peak memory grows by`, value: grown, unit: 'MiB', aim: 'under 100, whatever the size' },
      ] satisfies Figure[];
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  };
}

async function timed(action: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await action();
  return (performance.now() - began) / 1000;
}

/** Two square tensors and some more, so that blocks and tensors do not end together. */
async function makeFile(models: ModelStore, mebibytes: number, metadata: Record<string, string>): Promise<Digest> {
  const rows = mebibytes * 256;
  const specs = [
    { name: 'a/bias', dtype: 'F32' as const, shape: [1000] },
    { name: 'b/kernel', dtype: 'F32' as const, shape: [rows, 1024] },
  ];
  const header = encodeHeader(specs, metadata);
  const dataBytes = 4 * (1000 + rows * 1024);
  const values = new Float32Array(MIB / 4);
  for (let i = 0; i < values.length; i++)
    values[i] = Math.fround(Math.sin(i + (metadata.salt?.charCodeAt(5) ?? 0)) / 100);
  const block = new Uint8Array(values.buffer);
  function* bytes(): Generator<Uint8Array> {
    yield header;
    for (let at = 0; at < dataBytes; at += MIB) yield block.subarray(0, Math.min(MIB, dataBytes - at));
  }
  return (await models.put(bytes(), header.byteLength + dataBytes)).digest;
}

/** Seconds to read the inputs (`cat`), hash the result and write it synced, one after the other. */
function floor(dir: string, inputs: readonly Digest[], result: Digest): number {
  const buffer = Buffer.allocUnsafeSlow(MIB);
  const read = (digest: Digest, each: (part: Buffer) => void) => {
    const file = openSync(join(dir, fileName(digest)), 'r');
    for (let got = readSync(file, buffer); got > 0; got = readSync(file, buffer)) each(buffer.subarray(0, got));
    closeSync(file);
  };
  const began = performance.now();
  for (const input of inputs) read(input, () => undefined);
  const hash = createHash('sha256');
  const out = openSync(join(dir, 'tmp', 'floor'), 'w');
  read(result, (part) => {
    hash.update(part);
    writeSync(out, part);
  });
  fdatasyncSync(out);
  closeSync(out);
  hash.digest();
  return (performance.now() - began) / 1000;
}
