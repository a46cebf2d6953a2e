import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BatchSequence, batchIndices } from '../../../../core/random/batches.ts';
import { RandomStream } from '../../../../core/random/RandomStream.ts';

const site = fc.record({
  seed: fc.nat(),
  slot: fc.integer({ min: 1, max: 65_535 }),
  rows: fc.integer({ min: 1, max: 60 }),
  size: fc.integer({ min: 1, max: 70 }),
});

describe('batchIndices', () => {
  test('covers every row once an epoch, the short last batch included', () => {
    fc.assert(
      fc.property(site, fc.nat({ max: 3 }), ({ seed, slot, rows, size }, epoch) => {
        const perEpoch = Math.ceil(rows / size);
        const batches = Array.from({ length: perEpoch }, (_, i) =>
          batchIndices(seed, slot, rows, size, epoch * perEpoch + i),
        );
        expect(batches.slice(0, -1).every((batch) => batch.length === size)).toBe(true);
        expect(batches.at(-1)?.length).toBe(rows - (perEpoch - 1) * size);
        const seen = batches.flatMap((batch) => [...batch]);
        expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, i) => i));
      }),
      { seed: 1 },
    );
  });

  test('shuffles each epoch from the identity with its own stream', () => {
    const order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    RandomStream.of(11, 'batches/3', 2).shuffle(order);
    expect([...batchIndices(11, 2, 10, 4, 9)]).toEqual(order.slice(0, 4));
    expect([...batchIndices(11, 2, 10, 4, 10)]).toEqual(order.slice(4, 8));
    expect([...batchIndices(11, 2, 10, 4, 11)]).toEqual(order.slice(8));
  });

  test('gives a worker that was killed the batch that one which ran through gets', () => {
    fc.assert(
      fc.property(site, ({ seed, slot, rows, size }) => {
        const running = new BatchSequence(seed, slot, rows, size);
        for (let t = 0; t < 12; t++) expect(running.batch(t)).toEqual(batchIndices(seed, slot, rows, size, t));
      }),
      { seed: 1 },
    );
  });

  test('gives all rows in order, every time, for a full batch', () => {
    expect([...batchIndices(1, 1, 5, 'full', 7)]).toEqual([0, 1, 2, 3, 4]);
  });

  test('a batch that the caller changes does not change the sequence', () => {
    const sequence = new BatchSequence(1, 1, 10, 4);
    const before = [...sequence.batch(0)];
    sequence.batch(0).fill(0);
    expect([...sequence.batch(0)]).toEqual(before);
    const full = new BatchSequence(1, 1, 3, 'full');
    full.batch(0).fill(9);
    expect([...full.batch(0)]).toEqual([0, 1, 2]);
  });

  test.each([
    [0, 4, 0],
    [10, 0, 0],
    [10, 1.5, 0],
    [10, 4, -1],
  ])('refuses rows %s, batch size %s, batch %s', (rows, size, t) => {
    expect(() => batchIndices(1, 1, rows, size, t)).toThrow(RangeError);
  });

  test('takes as many rows as an Int32Array can number, and no more', () => {
    expect(() => new BatchSequence(0, 1, 2 ** 31 - 1, 4)).not.toThrow();
    expect(() => new BatchSequence(0, 1, 2 ** 31, 4)).toThrow('not a row count: 2147483648');
    expect(() => new BatchSequence(0, 1, 4, 0)).toThrow('not a batch size: 0');
    expect(() => new BatchSequence(0, 1, 4, 2).batch(-1)).toThrow('not a batch number: -1');
  });
});
