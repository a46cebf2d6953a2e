/** Keras keeps probabilities this far from 0 and 1 before it takes their logarithm. */
export const EPSILON = 1e-7;

/** Mean binary cross-entropy in float64: −mean(y·ln p + (1 − y)·ln(1 − p)), p clipped as Keras clips it. */
export function binaryCrossentropy(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i += 1) {
    const p = Math.min(Math.max(probabilities[i] ?? Number.NaN, EPSILON), 1 - EPSILON);
    sum -= labels[i] === 1 ? Math.log(p) : Math.log(1 - p);
  }
  return sum / probabilities.length;
}
