import type { Rows } from '../../../../worker/data/port.ts';

/** Logistic regression in float64: kernel, then bias. */
export type Weights = readonly number[];

/** One step of gradient descent on the mean binary cross-entropy over all rows of all parts. */
export function descend(weights: Weights, parts: readonly Rows[], learningRate: number): number[] {
  const features = weights.length - 1;
  const gradient = new Array<number>(weights.length).fill(0);
  let rows = 0;
  for (const part of parts) {
    rows += part.rows;
    for (let i = 0; i < part.rows; i += 1) {
      const x = [...part.x.subarray(i * features, (i + 1) * features), 1];
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, j) => sum + value * (weights[j] ?? 0), 0)));
      for (const [j, value] of x.entries()) gradient[j] = (gradient[j] ?? 0) + (p - (part.y[i] ?? 0)) * value;
    }
  }
  return weights.map((weight, j) => weight - (learningRate * (gradient[j] ?? 0)) / rows);
}

/** Rows of a part by number. */
export function pick(part: Rows, rows: ArrayLike<number>): Rows {
  const features = part.x.length / part.rows;
  const x = new Float32Array(rows.length * features);
  const y = new Float32Array(rows.length);
  for (const [to, from] of Array.from(rows).entries()) {
    x.set(part.x.subarray(from * features, (from + 1) * features), to * features);
    y[to] = part.y[from] ?? Number.NaN;
  }
  return { rows: rows.length, x, y };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
}
