import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auroc } from '../../../../worker/training/auroc.ts';
import { evaluate } from '../../../../worker/training/evaluate.ts';

const withheld = { value: null, reason: 'minCell' };

/** `positives` rows of class 1, then `negatives` of class 0, probabilities falling from 0.9 to 0.1. */
function rows(positives: number, negatives: number): { p: number[]; y: number[] } {
  const n = positives + negatives;
  return {
    p: Array.from({ length: n }, (_, i) => 0.9 - (0.8 * i) / Math.max(1, n - 1)),
    y: Array.from({ length: n }, (_, i) => (i < positives ? 1 : 0)),
  };
}

describe('auroc', () => {
  test('equals the share of pairs in which the positive scores higher, ties counting half', () => {
    const scored = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(scored, { minLength: 2, maxLength: 60 }), (cases) => {
        const positives = cases.filter(([, positive]) => positive).map(([score]) => score);
        const negatives = cases.filter(([, positive]) => !positive).map(([score]) => score);
        const wins = positives.flatMap((a) => negatives.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
        const want = wins.length === 0 ? null : wins.reduce<number>((a, b) => a + b, 0) / wins.length;
        const got = auroc(
          cases.map(([score]) => score),
          cases.map(([, positive]) => (positive ? 1 : 0)),
        );
        expect(got).toBe(want);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});

describe('evaluate', () => {
  test('gives loss, accuracy at 0.5, AUROC and counts in float64', () => {
    const metrics = evaluate([0.8, 0.5, 0.4, 0.1], [1, 1, 0, 0], 2);
    const loss = -(Math.log(0.8) + Math.log(0.5) + Math.log(0.6) + Math.log(0.9)) / 4;
    expect(metrics).toEqual({
      rows: { value: 4 },
      positives: { value: 2 },
      negatives: { value: 2 },
      loss: { value: expect.closeTo(loss, 14) },
      accuracy: { value: 0.75 },
      auroc: { value: 1 },
    });
  });

  test('clips probabilities as Keras does, so that a sure mistake has a finite loss', () => {
    expect(evaluate([0, 1], [1, 0], 0).loss.value).toBeCloseTo(-Math.log(1e-7), 6);
  });

  test('withholds everything when there are fewer test rows than minCell', () => {
    const { p, y } = rows(5, 4);
    expect(Object.values(evaluate(p, y, 10))).toEqual(new Array(6).fill(withheld));
  });

  test('withholds AUROC and both counts when one class has 1 to minCell − 1 rows, for the total would give it away', () => {
    for (const [positives, negatives] of [
      [15, 1],
      [9, 40],
    ] as const) {
      const { p, y } = rows(positives, negatives);
      const metrics = evaluate(p, y, 10);
      expect(metrics).toMatchObject({ positives: withheld, negatives: withheld, auroc: withheld });
      expect(metrics.rows).toEqual({ value: positives + negatives });
      expect([metrics.loss.value, metrics.accuracy.value]).not.toContain(null);
    }
  });

  test('tells counts of 0, and no AUROC beside them', () => {
    const { p, y } = rows(12, 0);
    expect(evaluate(p, y, 10)).toMatchObject({ positives: { value: 12 }, negatives: { value: 0 }, auroc: withheld });
    expect(evaluate(p, y, 0).auroc).toEqual({ value: null, reason: 'undefined' });
  });

  test('withholds loss and accuracy of a constant model where they would be a class’s share in other words', () => {
    const { y } = rows(15, 1);
    const constant = new Array(16).fill(0.7);
    expect(evaluate(constant, y, 10)).toMatchObject({ rows: { value: 16 }, loss: withheld, accuracy: withheld });
    // At 0.5 every row costs the same, whichever class it is of.
    const even = evaluate(new Array(16).fill(0.5), y, 10);
    expect([even.loss.value, even.accuracy]).toEqual([expect.closeTo(Math.LN2, 14), withheld]);
    const told = rows(15, 10);
    expect(evaluate(new Array(25).fill(0.5), told.y, 10).accuracy).toEqual({ value: 10 / 25 });
  });

  test.each([
    ['nearly alike', (i: number) => 0.7 + 1e-6 * i],
    ['surely, and alike', (i: number) => 1 - 1e-9 * i],
  ])('withholds loss and accuracy of a model that answers every row %s', (_, of) => {
    const { y } = rows(15, 1);
    const p = y.map((_label, i) => of(i));
    expect(evaluate(p, y, 10)).toMatchObject({ rows: { value: 16 }, loss: withheld, accuracy: withheld });
  });

  test('withholds accuracy, and not loss, of predictions that are one-sided: they would be a class’s share', () => {
    const { y } = rows(60, 4);
    const wide = y.map((_label, i) => 0.51 + (0.48 * ((i * 37) % 64)) / 64);
    const metrics = evaluate(wide, y, 10);
    expect(metrics.accuracy).toEqual(withheld);
    expect(metrics.loss.value).not.toBeNull();
  });

  test.each([1, 4, 6])(
    'withholds accuracy where %i rows are predicted as the rarer class, which nearly gives its count',
    (few) => {
      const { y } = rows(60, 4);
      const right = y.map((label, i) => (i < few - 4 || label === 0 ? 0.2 : 0.8));
      const some = few >= 4 ? right : y.map((_label, i) => (i >= 64 - few ? 0.2 : 0.8));
      expect(some.filter((p) => p < 0.5)).toHaveLength(few);
      expect(evaluate(some, y, 10).accuracy).toEqual(withheld);
    },
  );

  test('tells loss and accuracy where a small count could as well be a large one', () => {
    const { y } = rows(60, 4);
    const p = y.map((_label, i) => 0.05 + (0.9 * ((i * 37) % 64)) / 64);
    const { loss, accuracy } = evaluate(p, y, 10);
    expect([loss.value, accuracy.value]).not.toContain(null);
  });

  test('without test rows there is a count of 0 and nothing else', () => {
    expect(evaluate([], [], 10)).toMatchObject({ rows: { value: 0 }, loss: withheld, accuracy: withheld });
    expect(evaluate([], [], 0).loss).toEqual({ value: null, reason: 'undefined' });
  });

  test('from what is told, no count of 1 to minCell − 1 of a class can be computed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 25 }), fc.integer({ min: 0, max: 25 }), (positives, negatives) => {
        const { p, y } = rows(positives, negatives);
        const metrics = evaluate(p, y, 10);
        const small = [positives, negatives].some((count) => count > 0 && count < 10);
        const told = [metrics.rows, metrics.positives, metrics.negatives].filter((figure) => figure.value !== null);
        if (small) expect(told.length).toBeLessThan(2);
        else expect(metrics.positives.value).toBe(positives);
      }),
      { seed: 4 },
    );
  });

  test('from an accuracy that is told, and every prediction, a class with few rows could have minCell', () => {
    const drawn = fc.array(fc.tuple(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 10,
      maxLength: 16,
    });
    fc.assert(
      fc.property(drawn, (cases) => {
        const y = cases.map(([label]) => Number(label));
        const p = cases.map(([, probability]) => probability);
        const { accuracy, positives } = evaluate(p, y, 5);
        if (accuracy.value === null || positives.value !== null) return;
        // Every labelling of the rows that has this accuracy, by brute force.
        const right = Math.round(accuracy.value * p.length);
        const counts = Array.from({ length: 2 ** p.length }, (_, labels) => p.map((_p, i) => (labels >> i) & 1))
          .filter((labels) => p.filter((one, i) => Number(one > 0.5) === labels[i]).length === right)
          .map((labels) => labels.filter((label) => label === 1).length);
        expect(Math.max(...counts)).toBeGreaterThanOrEqual(5);
        expect(p.length - Math.min(...counts)).toBeGreaterThanOrEqual(5);
      }),
      { seed: 5, numRuns: 40 },
    );
  });
});
