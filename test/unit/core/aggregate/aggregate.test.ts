import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Aggregation,
  aggregate,
  aggregateBlocks,
  type WeighedUpdate,
} from '../../../../core/aggregate/aggregate.ts';
import { type ChunkReader, readExactly, readerOf } from '../../../../core/aggregate/ChunkReader.ts';
import { fedavg } from '../../../../core/aggregate/fedavg.ts';
import type { Strategy } from '../../../../core/aggregate/Strategy.ts';
import { strategies } from '../../../../core/aggregate/strategies.ts';
import { bucketed, declaredSamples, weightOf } from '../../../../core/aggregate/weights.ts';
import { sha256 } from '../../../../core/sha256.ts';
import { decodeFile, encodeFile } from '../../../../core/tensors/file.ts';
import { rejected, thrown } from '../thrown.ts';

const salt = `0x${'5a'.repeat(32)}`;
const float = fc.float({ noDefaultInfinity: true, noNaN: true, min: Math.fround(-1e30), max: Math.fround(1e30) });

/** A file of two tensors, so that blocks run over the border between them. */
function file(values: readonly number[], metadata: Record<string, string> = {}): Uint8Array {
  const data = Float32Array.from(values);
  return encodeFile(
    [
      { name: 'b/kernel', shape: [data.length - 1], data: data.subarray(1) },
      { name: 'a/bias', shape: [1], data: data.subarray(0, 1) },
    ],
    metadata,
  );
}

const update = (slot: number, weight: number, values: readonly number[]): WeighedUpdate => ({
  slot,
  weight,
  read: readerOf(file(values, { salt })),
});

async function run(job: Partial<Aggregation> & Pick<Aggregation, 'base' | 'updates'>) {
  const chunks: Uint8Array[] = [];
  const result = await aggregate({ strategy: fedavg, write: (chunk) => void chunks.push(chunk), ...job });
  return { ...result, bytes: new Uint8Array(Buffer.concat(chunks)), chunks };
}

/** The formula for one element, as the design writes it. */
function expected(base: number, terms: readonly (readonly [weight: number, value: number])[]): number {
  let acc = 0;
  let sum = 0;
  for (const [weight, value] of terms) {
    acc += weight * Math.fround(value);
    sum += weight;
  }
  return Math.fround(Math.fround(base) + acc / sum);
}

const round = fc.integer({ min: 2, max: 12 }).chain((elements) =>
  fc.record({
    base: fc.array(float, { minLength: elements, maxLength: elements }),
    sites: fc.uniqueArray(
      fc.record({
        slot: fc.integer({ min: 1, max: 65_535 }),
        weight: fc.integer({ min: 1, max: 100_000 }),
        values: fc.array(float, { minLength: elements, maxLength: elements }),
      }),
      { selector: (site) => site.slot, minLength: 2, maxLength: 6 },
    ),
  }),
);

describe('aggregate', () => {
  test('adds the weighted mean in ascending slot order, in float64, rounded once', async () => {
    await fc.assert(
      fc.asyncProperty(round, async ({ base, sites }) => {
        const updates = sites.map(({ slot, weight, values }) => update(slot, weight, values));
        const { bytes, digest, length } = await run({ base: readerOf(file(base)), updates });
        const sorted = sites.toSorted((a, b) => a.slot - b.slot);
        const want = base.map((value, i) =>
          expected(
            value,
            sorted.map((site) => [site.weight, site.values[i] ?? 0]),
          ),
        );
        expect(bytes).toEqual(file(want));
        expect(digest).toBe(sha256(bytes));
        expect(length).toBe(bytes.length);
      }),
      { seed: 1 },
    );
  });

  test('gives the same bytes at any block size, in any order of arrival, from any reader', async () => {
    await fc.assert(
      fc.asyncProperty(round, fc.integer({ min: 1, max: 64 }), fc.nat(), async ({ base, sites }, blockBytes, turn) => {
        const updates = sites.map(({ slot, weight, values }) => update(slot, weight, values));
        const plain = await run({ base: readerOf(file(base)), updates });
        const turned = updates.map((_, i) => updates[(i + turn) % updates.length] ?? update(1, 1, []));
        const shared = sharing();
        const slow = turned.map((u) => ({ ...u, read: shared(u.read) }));
        const other = await run({ base: shared(readerOf(file(base))), updates: slow, blockBytes });
        expect(other.bytes).toEqual(plain.bytes);
        expect(other.digest).toBe(plain.digest);
      }),
      { seed: 1 },
    );
  });

  test('depends on slot order where rounding does', async () => {
    const base = readerOf(file([0, 0]));
    const values = [1e30, 1, -1e30];
    const inOrder = await run({ base, updates: values.map((v, i) => update(i + 1, 1, [v, 0])) });
    const turned = await run({ base, updates: [1e30, -1e30, 1].map((v, i) => update(i + 1, 1, [v, 0])) });
    expect(decodeFile(inOrder.bytes).tensors.get('a/bias')?.data[0]).toBe(0);
    expect(decodeFile(turned.bytes).tensors.get('a/bias')?.data[0]).toBe(Math.fround(1 / 3));
    // Slots 2, 3, 1 as they came: 1e30, -1e30, 1 as their slots have it.
    const slots = [2, 3, 1];
    const came = await run({ base, updates: [-1e30, 1, 1e30].map((v, i) => update(slots[i] ?? 0, 1, [v, 0])) });
    expect(came.bytes).toEqual(turned.bytes);
  });

  test('is dealt out in shares, whose blocks in turn are the same file', async () => {
    const values = Array.from({ length: 23 }, (_, i) => i);
    const job = { strategy: fedavg, base: readerOf(file(values)), updates: [1, 2].map((s) => update(s, s, values)) };
    const whole = await run(job);
    const shares: Uint8Array[][] = [[], [], []];
    for (const [index, share] of shares.entries()) {
      for await (const piece of aggregateBlocks({ ...job, blockBytes: 16 }, { index, of: 3 })) share.push(piece);
    }
    const [header, ...first] = shares[0] ?? [];
    const blocks = [first, shares[1] ?? [], shares[2] ?? []];
    const dealt = Array.from({ length: 6 }, (_, i) => blocks[i % 3]?.[Math.floor(i / 3)] ?? new Uint8Array());
    expect(new Uint8Array(Buffer.concat([header ?? new Uint8Array(), ...dealt]))).toEqual(whole.bytes);
    expect(blocks.map((share) => share.length)).toEqual([2, 2, 2]);
  });

  test('holds blocks, not files: no read is longer than a block or the header', async () => {
    const n = 10_000;
    const values = Array.from({ length: n }, (_, i) => i);
    const lengths: number[] = [];
    const watched = (bytes: Uint8Array): ChunkReader => {
      const read = readerOf(bytes);
      return (offset, length) => {
        lengths.push(length);
        return read(offset, length);
      };
    };
    const base = file(values);
    const updates = [1, 2, 3].map((slot) => ({ slot, weight: 1, read: watched(file(values, { salt })) }));
    const { chunks } = await run({ base: watched(base), updates, blockBytes: 1024 });
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1024);
    expect(chunks.length).toBe(1 + Math.ceil((4 * n) / 1024));
  });

  test('includes an update that is weighed at zero', async () => {
    const { bytes } = await run({
      base: readerOf(file([1, 1])),
      updates: [update(1, 0, [100, 100]), update(2, 5, [2, 3])],
    });
    expect(bytes).toEqual(file([3, 4]));
  });

  test.each<[string, number[], [number, number[]][]]>([
    [
      'weights that sum to zero',
      [0, 0],
      [
        [0, [1, 1]],
        [0, [1, 1]],
      ],
    ],
    [
      'an update with NaN',
      [0, 0],
      [
        [1, [1, Number.NaN]],
        [1, [1, 1]],
      ],
    ],
    [
      'an infinite update weighed at zero',
      [0, 0],
      [
        [0, [1, Number.POSITIVE_INFINITY]],
        [1, [1, 1]],
      ],
    ],
    [
      'a sum past the largest f32',
      [0, 3.4e38],
      [
        [1, [0, 3.4e38]],
        [1, [0, 3.4e38]],
      ],
    ],
  ])('fails on %s', async (_, base, sites) => {
    const updates = sites.map(([weight, values], i) => update(i + 1, weight, values));
    const error = await rejected(run({ base: readerOf(file(base)), updates }));
    expect(error.code).toBe('AGGREGATE_NOT_FINITE');
  });

  test('adds what the strategy makes of the mean, a block at a time', async () => {
    const halves: Strategy = {
      ...fedavg,
      serverStep: (mean) => {
        for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) / 2;
      },
    };
    const updates = [update(1, 1, [2, 4, 6]), update(2, 3, [2, 8, 2])];
    const { bytes } = await run({ strategy: halves, base: readerOf(file([1, 1, 1])), updates, blockBytes: 8 });
    expect(bytes).toEqual(file([2, 4.5, 2.5]));
  });

  test('names the element that is not finite', async () => {
    const updates = [update(1, 1, [0, 0, 0, Number.NaN]), update(2, 1, [0, 0, 0, 0])];
    const error = await rejected(run({ base: readerOf(file([0, 0, 0, 0])), updates, blockBytes: 4 }));
    expect(error.details).toEqual({ tensor: 'b/kernel', element: 2 });
    expect(error.message).toBe('the aggregate of b/kernel[2] is NaN: the round fails');
  });

  test.each([
    ['a/bias', 0, [Number.NaN, 0, 0, 0]],
    ['b/kernel', 0, [0, Number.NaN, 0, 0]],
    ['b/kernel', 1, [0, 0, Number.NaN, Number.NaN]],
  ])('names %s[%i], the first that is not finite', async (tensor, element, values) => {
    const updates = [update(1, 1, values), update(2, 1, [0, 0, 0, 0])];
    for (const blockBytes of [8, 64]) {
      const error = await rejected(run({ base: readerOf(file([0, 0, 0, 0])), updates, blockBytes }));
      expect(error.details).toEqual({ tensor, element });
    }
  });

  const base = file([1, 2, 3]);
  const good = () => update(1, 1, [1, 1, 1]);
  const from = (bytes: Uint8Array): WeighedUpdate => ({ slot: 2, weight: 1, read: readerOf(bytes) });
  const salted = file([1, 1, 1], { salt });
  const longer = new Uint8Array(salted.length + 1);
  longer.set(salted);

  test.each<[string, WeighedUpdate, string]>([
    ['no salt', from(file([1, 1, 1])), 'SALT_MISSING'],
    ['other shapes', from(file([1, 1], { salt })), 'TENSORS_MISMATCH'],
    [
      'other names',
      from(encodeFile([{ name: 'a/bias', shape: [3], data: new Float32Array(3) }], { salt })),
      'TENSORS_MISMATCH',
    ],
    ['a byte too few', from(salted.subarray(0, -1)), 'LENGTH_MISMATCH'],
    ['a byte too many', from(longer), 'LENGTH_MISMATCH'],
    ['no header', from(new Uint8Array(3)), 'LENGTH_MISMATCH'],
    ['a header that is none', from(new Uint8Array(100)), 'TENSORS_INVALID'],
  ])('refuses an update with %s', async (_, bad, code) => {
    expect((await rejected(run({ base: readerOf(base), updates: [good(), bad] }))).code).toBe(code);
  });

  test('says whose tensors are others, and where a file ends or goes on', async () => {
    const refusal = async (bad: WeighedUpdate) => rejected(run({ base: readerOf(base), updates: [good(), bad] }));
    const other = await refusal(from(file([1, 1], { salt })));
    expect(other.message).toBe("the update of slot 2 has not the base model's tensors");
    expect(other.details).toEqual({ slot: 2 });
    expect((await refusal(from(longer))).message).toBe(
      `file goes on past the ${salted.length} bytes that its header makes it`,
    );
    const short = await rejected(readExactly(readerOf(new Uint8Array(10)), 4, 8));
    expect(short.message).toBe('file ends 2 bytes short of 12: fetch it again');
    expect(short.details).toEqual({ got: 10, want: 12 });
  });

  test('refuses a base with metadata, or longer than it says', async () => {
    const updates = [good(), update(2, 1, [1, 1, 1])];
    expect((await rejected(run({ base: readerOf(salted), updates }))).code).toBe('TENSORS_INVALID');
    const long = new Uint8Array(base.length + 1);
    long.set(base);
    expect((await rejected(run({ base: readerOf(long), updates }))).code).toBe('LENGTH_MISMATCH');
  });

  test('takes at least two updates', async () => {
    for (const updates of [[], [good()]]) {
      const error = await rejected(run({ base: readerOf(base), updates }));
      expect(error.code).toBe('STATE_CONFLICT');
      expect(error.message).toBe(`a round includes at least two updates; here are ${updates.length}`);
    }
  });

  test('takes each slot once, and weights that are numbers', async () => {
    await expect(run({ base: readerOf(base), updates: [good(), good()] })).rejects.toThrow(
      new RangeError('slot 1 is there twice'),
    );
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const updates = [good(), { ...update(2, 1, [1, 1, 1]), weight }];
      await expect(run({ base: readerOf(base), updates })).rejects.toThrow(
        new RangeError(`slot 2 has weight ${weight}`),
      );
    }
  });
});

describe('weights', () => {
  test('are the samples, or one each', () => {
    expect(weightOf(303, 'samples')).toBe(303);
    expect(weightOf(303, 'capped')).toBe(303);
    expect(weightOf(303, 'uniform')).toBe(1);
    expect(strategies.fedavg.weightOf({ slot: 1, samples: 7 }, { weighting: 'samples' })).toBe(7);
    expect(strategies.fedavg.weightOf({ slot: 1, samples: 7 }, { weighting: 'uniform' })).toBe(1);
  });

  test('bucketed counts are the largest power of two not above', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (count) => {
        expect(bucketed(count)).toBe(2 ** (31 - Math.clz32(count)));
      }),
      { seed: 1 },
    );
    expect(bucketed(0)).toBe(0);
    expect(bucketed(2 ** 40)).toBe(2 ** 40);
    expect(bucketed(2 ** 40 - 1)).toBe(2 ** 39);
    expect(() => bucketed(-1)).toThrow(RangeError);
  });

  test.each([
    ['samples', 'exact', 300, 300],
    ['samples', 'bucketed', 300, 256],
    ['uniform', 'exact', 300, 300],
    ['capped', 'exact', 5000, 1000],
    ['capped', 'bucketed', 5000, 512],
    ['capped', 'bucketed', 300, 256],
  ] as const)('%s and %s make %i rows %i', (weighting, disclosure, rows, declared) => {
    expect(declaredSamples(rows, { weighting, disclosure, maxSamples: 1000 })).toBe(declared);
  });

  test('a plan that does not cap refuses rows over its most', () => {
    const plan = { weighting: 'samples', disclosure: 'exact', maxSamples: 1000 } as const;
    expect(declaredSamples(1000, plan)).toBe(1000);
    const error = thrown(() => declaredSamples(1001, plan));
    expect(error.code).toBe('SAMPLES_EXCEEDED');
    expect(error.details).toEqual({ declared: 1001, maxSamples: 1000 });
    expect(error.message).toMatch(/^1001 training rows are over the plan's 1000: /);
  });
});

/** Makes readers that answer later, all of them out of two buffers in turn. */
function sharing(): (read: ChunkReader) => ChunkReader {
  let [buffer, other] = [new Uint8Array(4096), new Uint8Array(4096)];
  return (read) => async (offset, length) => {
    [buffer, other] = [other, buffer];
    const into = buffer;
    const bytes = await read(offset, length);
    await Promise.resolve();
    into.fill(0xff);
    into.set(bytes);
    return into.subarray(0, bytes.length);
  };
}
