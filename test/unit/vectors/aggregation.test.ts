import { describe, expect, test } from '@jest/globals';
import { type Aggregate, aggregate, type WeighedUpdate } from '../../../core/aggregate/aggregate.ts';
import { readerOf } from '../../../core/aggregate/ChunkReader.ts';
import { fedavg } from '../../../core/aggregate/fedavg.ts';
import { RandomStream } from '../../../core/random/RandomStream.ts';
import { sha256 } from '../../../core/sha256.ts';
import { decodeFile, encodeFile } from '../../../core/tensors/file.ts';
import { decodeFloats } from '../../../core/tensors/floats.ts';
import { updateMetadata } from '../../../core/tensors/salt.ts';
import { updatePieces } from '../../../core/tensors/updatePieces.ts';
import { bytesToHex, type Digest, hexToBytes } from '../../../core/values.ts';
import { joined } from '../../support/joined.ts';
import { readVectors } from '../../support/vectors.ts';

interface Update {
  slot: number;
  weight: number;
  data: string;
}

const vectors = readVectors<{
  differences: { name: string; local: string; base: string; update: string; salt: Digest; file: Digest }[];
  cases: { name: string; base: string; updates: Update[]; global: string; file: Digest }[];
  overflow: { base: string; updates: Update[] };
  generated: {
    seed: number;
    tensors: { name: string; shape: number[] }[];
    base: Digest;
    updates: { slot: number; weight: number; salt: Digest; file: Digest }[];
    global: Digest;
  };
}>('aggregation');

const SALT = updateMetadata(new Uint8Array(32).fill(7));

function kernelFile(hex: string, metadata?: { salt: Digest }): Uint8Array {
  const data = decodeFloats(hexToBytes(hex));
  return encodeFile([{ name: 'dense/kernel', shape: [data.length, 1], data }], metadata);
}

function weighed(updates: readonly Update[]): WeighedUpdate[] {
  return updates.map(({ slot, weight, data }) => ({ slot, weight, read: readerOf(kernelFile(data, SALT)) }));
}

async function average(base: Uint8Array, updates: readonly WeighedUpdate[], blockBytes?: number) {
  const chunks: Uint8Array[] = [];
  const write = (chunk: Uint8Array): void => {
    chunks.push(chunk);
  };
  const block = blockBytes === undefined ? {} : { blockBytes };
  const result: Aggregate = await aggregate({ strategy: fedavg, base: readerOf(base), updates, write, ...block });
  return { result, bytes: Buffer.concat(chunks) };
}

describe.each(vectors.cases)('a federated average: $name', (vector) => {
  test('has these bytes and this digest, in whatever order updates come and blocks are cut', async () => {
    const updates = weighed(vector.updates);
    for (const order of [updates, updates.toReversed()]) {
      for (const blockBytes of [undefined, 4, 12]) {
        const { result, bytes } = await average(kernelFile(vector.base), order, blockBytes);
        expect(bytesToHex(bytes.subarray(bytes.length - (vector.global.length / 2 - 1)))).toBe(vector.global);
        expect(result.digest).toBe(vector.file);
        expect(sha256(bytes)).toBe(vector.file);
      }
    }
  });
});

test('an average that overflows float32 fails', async () => {
  const run = average(kernelFile(vectors.overflow.base), weighed(vectors.overflow.updates));
  await expect(run).rejects.toMatchObject({ code: 'AGGREGATE_NOT_FINITE' });
});

test.each(vectors.differences)('an update is local minus base, rounded once: $name', (vector) => {
  const base = decodeFile(kernelFile(vector.base));
  const local = [...decodeFile(kernelFile(vector.local)).tensors].map(([name, tensor]) => ({ name, ...tensor }));
  const bytes = joined(updatePieces(base, local, vector.salt));
  expect(bytesToHex(bytes.subarray(bytes.length - (vector.update.length / 2 - 1)))).toBe(vector.update);
  expect(sha256(bytes)).toBe(vector.file);
});

describe('a model longer than a block', () => {
  const { seed, tensors, base, updates, global } = vectors.generated;

  /** Numbers over many binades, as the script draws them. */
  function drawn(purpose: string, slot: number, metadata?: { salt: Digest }): Uint8Array {
    const stream = RandomStream.of(seed, purpose, slot);
    const next = (): number => (stream.uniform() - 0.5) * 2 ** (stream.integer(24) - 12);
    const filled = tensors.map(({ name, shape }) => {
      const data = new Float32Array(shape.reduce((count, dimension) => count * dimension, 1));
      for (let i = 0; i < data.length; i++) data[i] = next();
      return { name, shape, data };
    });
    return encodeFile(filled, metadata);
  }

  test.each([4, 1000, 16_384, 256 * 1024])('averages to these bytes in blocks of %d bytes', async (blockBytes) => {
    const from = drawn('vectors/base', 0);
    expect(sha256(from)).toBe(base);
    const files = updates.map(({ slot, weight, salt, file }) => {
      const bytes = drawn('vectors/update', slot, { salt });
      expect(sha256(bytes)).toBe(file);
      return { slot, weight, read: readerOf(bytes) };
    });
    const { result } = await average(from, files, blockBytes);
    expect(result.digest).toBe(global);
  });
});
