/** Keras keeps probabilities this far from 0 and 1 before it takes their logarithm. */
export const EPSILON = 1e-7;

/** One row's binary cross-entropy: −(y·ln p + (1 − y)·ln(1 − p)), p clipped as Keras clips it. */
export function binaryCrossentropy(probability: number, label: 0 | 1): number {
  const p = Math.min(Math.max(probability, EPSILON), 1 - EPSILON);
  return -Math.log(label === 1 ? p : 1 - p);
}
