import { describe, expect, test } from '@jest/globals';
import { scaleRows, scales } from '../../../../worker/data/normalise.ts';

const zscore = { kind: 'zscore', ddof: 1, epsilon: 1e-9 } as const;

function apply(values: number[], columns: number, train: number[], rows: number[], how: Parameters<typeof scales>[2]) {
  const x = { values: Float64Array.from(values), columns };
  const out = new Float32Array(rows.length * columns);
  scaleRows(x, rows, scales(x, train, how), out);
  return [...out];
}

describe('normalising', () => {
  test('a z-score takes mean and deviation of the train rows alone, over the deviation plus epsilon', () => {
    const got = apply([1, 2, 4, 100], 1, [0, 1, 2], [0, 3], zscore);
    const mean = 7 / 3;
    const sd = Math.sqrt(((1 - mean) ** 2 + (2 - mean) ** 2 + (4 - mean) ** 2) / 2);
    expect(got).toEqual([Math.fround((1 - mean) / (sd + 1e-9)), Math.fround((100 - mean) / (sd + 1e-9))]);
  });

  test('ddof 0 divides by the count', () => {
    expect(apply([1, 3], 1, [0, 1], [0, 1], { kind: 'zscore', ddof: 0, epsilon: 0 })).toEqual([-1, 1]);
  });

  test('a column constant in train is 0 in every row, also where its mean is not exact', () => {
    expect(apply([0.1, 1, 0.1, 2, 0.1, 3, 7, 4], 2, [0, 1, 2], [0, 3], zscore)).toEqual([0, -1, 0, 2]);
  });

  test('one training row makes every column constant', () => {
    expect(apply([5, 6], 1, [0], [0, 1], zscore)).toEqual([0, 0]);
  });

  test('without normalising, values pass as float32', () => {
    expect(apply([2.3, 1e10], 2, [0], [0], { kind: 'none' })).toEqual([Math.fround(2.3), 1e10]);
  });
});
