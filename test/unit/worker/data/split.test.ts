import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SplitPlan } from '../../../../core/plan/Plan.ts';
import { RandomStream } from '../../../../core/random/RandomStream.ts';
import { slot } from '../../../../core/values.ts';
import { type KeptRows, splitRows } from '../../../../worker/data/split.ts';
import { readSplitFile } from '../../../../worker/data/splitFile.ts';
import { testPlan } from './plans.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();

function kept(count: number, more: Partial<KeptRows> = {}): KeptRows {
  const positions = Array.from({ length: count }, (_, i) => i);
  return { count, positions, marks: [], sourceRows: count, positionsKnown: true, ...more };
}

const plan = (split: SplitPlan, seed = 7) => testPlan({ split, seed });

describe('a split by fraction', () => {
  test('takes the first round(n · fraction) of the seeded order as the test part, both parts ascending', () => {
    const order = Array.from({ length: 10 }, (_, i) => i);
    RandomStream.of(7, 'split', 3).shuffle(order);
    const ascending = (rows: number[]) => rows.toSorted((a, b) => a - b);
    expect(splitRows(plan({ kind: 'fraction', test: 0.25 }), slot(3), kept(10), null)).toEqual({
      test: ascending(order.slice(0, 3)),
      train: ascending(order.slice(3)),
    });
  });

  test('gives every row to exactly one part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.double({ min: 0, max: 0.7, noNaN: true }), (rows, fraction) => {
        const { train, test: held } = splitRows(plan({ kind: 'fraction', test: fraction }), slot(1), kept(rows), null);
        expect(held).toHaveLength(Math.round(rows * fraction));
        expect([...train, ...held].sort((a, b) => a - b)).toEqual(kept(rows).positions);
        expect(train).toEqual(train.toSorted((a, b) => a - b));
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test('differs by slot and by seed', () => {
    const of = (member: number, seed: number) =>
      splitRows(plan({ kind: 'fraction', test: 0.5 }, seed), slot(member), kept(50), null).test;
    expect(of(1, 7)).not.toEqual(of(2, 7));
    expect(of(1, 7)).not.toEqual(of(1, 8));
    expect(of(1, 7)).toEqual(of(1, 7));
  });

  test('that leaves nothing to train on is refused', () => {
    expect(() => splitRows(plan({ kind: 'fraction', test: 1 }), slot(1), kept(4), null)).toThrow(/no row is left/);
  });
});

describe('a split by column', () => {
  test('follows the column, numbers spelled either way, and uses other rows for neither part', () => {
    const split = plan({ kind: 'column', column: 'y', train: '1.0', test: '2' });
    expect(splitRows(split, slot(1), kept(5, { marks: [1, 2, null, 3, 1] }), null)).toEqual({
      train: [0, 4],
      test: [1],
    });
  });
});

describe('a split by the site’s own file', () => {
  const split = plan({ kind: 'file' });
  const some = kept(3, { positions: [1, 4, 2], sourceRows: 6 });

  test('names rows by their place in the source; rows it leaves out are used by neither part', () => {
    expect(splitRows(split, slot(1), some, { train: [2, 1], test: [] })).toEqual({ train: [0, 2], test: [] });
  });

  test('is refused when it names rows that were dropped or are not there, with how many', () => {
    expect(() => splitRows(split, slot(1), some, { train: [1, 0, 3], test: [9] })).toThrow(
      expect.objectContaining({ code: 'DATA_INVALID', details: { beyond: 1, lost: 2, rows: 6 } }),
    );
  });

  test('is refused also when it names nothing but dropped rows', () => {
    expect(() => splitRows(split, slot(1), some, { train: [1], test: [0] })).toThrow(
      expect.objectContaining({ code: 'DATA_INVALID', details: { beyond: 0, lost: 1, rows: 6 } }),
    );
  });

  test('is refused where places are unknown, or when there is none', () => {
    const uncertain = { ...some, positionsKnown: false };
    expect(() => splitRows(split, slot(1), uncertain, { train: [1], test: [] })).toThrow(/not UTF-8/);
    expect(() => splitRows(split, slot(1), some, null)).toThrow(/wants a split file/);
  });

  test('is refused when it is not JSON, not whole numbers, or names a row twice', async () => {
    const read = (content: string) => readSplitFile(folder.write('split.json', content));
    await expect(read('{')).rejects.toMatchObject({ code: 'DATA_INVALID' });
    await expect(read('{"train":[1.5],"test":[-1]}')).rejects.toThrow(/"train" is not .*"test" is not/);
    await expect(read('{"train":[1,2],"test":[2]}')).rejects.toThrow(/1 positions are named more than once/);
    await expect(read('{"train":[1,2],"test":[0]}')).resolves.toEqual({ train: [1, 2], test: [0] });
    await expect(readSplitFile(`${folder.path}/absent.json`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
