import type { DataPlan } from '../../core/plan/Plan.ts';

/** A feature's linear map: x → (x − mean) / divisor. A divisor of 0 maps everything to 0. */
export interface Scale {
  readonly mean: number;
  readonly divisor: number;
}

/** Row-major values in float64. */
export interface Matrix {
  readonly values: Float64Array;
  readonly columns: number;
}

/**
 * Each feature's z-score from the site's own training rows: (x − mean) / (sd + epsilon), sd with `ddof` taken from
 * the count. Sums run in float64 over `train` in the order given. A feature that is constant in train becomes 0 in
 * every row: it tells nothing there, and elsewhere its score would be a division by epsilon.
 *
 * @param train rows of `x`
 */
export function scales(x: Matrix, train: readonly number[], normalise: DataPlan['normalise']): Scale[] {
  return Array.from({ length: x.columns }, (_, column) => {
    if (normalise.kind === 'none') return { mean: 0, divisor: 1 };
    const at = (row: number): number => x.values[row * x.columns + column] ?? Number.NaN;
    return zScale(train.map(at), normalise.ddof, normalise.epsilon);
  });
}

function zScale(values: readonly number[], ddof: number, epsilon: number): Scale {
  if (values.every((value) => value === values[0])) return { mean: 0, divisor: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, divisor: Math.sqrt(squares / (values.length - ddof)) + epsilon };
}

/** `rows` of `x`, scaled in float64 and then rounded to float32. */
export function scaleRows(x: Matrix, rows: readonly number[], by: readonly Scale[], out: Float32Array): void {
  let to = 0;
  for (const row of rows) {
    for (let column = 0; column < x.columns; column += 1) {
      const { mean, divisor } = by[column] ?? { mean: 0, divisor: 1 };
      const value = x.values[row * x.columns + column] ?? Number.NaN;
      out[to] = divisor === 0 ? 0 : (value - mean) / divisor;
      to += 1;
    }
  }
}
