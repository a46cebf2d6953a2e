import type { Figure, MetricSet } from '../../core/manifest/Report.ts';
import { auroc } from './auroc.ts';
import { binaryCrossentropy } from './loss.ts';

/**
 * A model's figures on a site's test rows, in float64, with everything withheld that rests on too few rows.
 *
 * A figure is told only if each group of rows that it rests on has `minCell`: all rows for loss and accuracy, each
 * class for AUROC. A count by class between 1 and `minCell` − 1 is withheld, and so is what would give it away: the
 * other class's count beside the total; and, where the model gives every row the same probability, loss and accuracy,
 * which then are nothing but the classes' shares. A total between 1 and `minCell` − 1 is withheld with its classes.
 *
 * @param probabilities of class 1, one a test row
 * @param labels 1 or 0, one a test row
 */
export function evaluate(probabilities: ArrayLike<number>, labels: ArrayLike<number>, minCell: number): MetricSet {
  const rows = labels.length;
  const positives = Array.from(labels).filter((label) => label === 1).length;
  const negatives = rows - positives;
  const classesTold = [rows, positives, negatives].every((count) => count === 0 || count >= minCell);
  const overall = rows >= minCell && (classesTold || !isConstant(probabilities));
  return {
    rows: rows === 0 || rows >= minCell ? told(rows) : WITHHELD,
    positives: classesTold ? told(positives) : WITHHELD,
    negatives: classesTold ? told(negatives) : WITHHELD,
    loss: overall ? figure(rows === 0 ? null : binaryCrossentropy(probabilities, labels)) : WITHHELD,
    accuracy: overall ? figure(rows === 0 ? null : accuracy(probabilities, labels)) : WITHHELD,
    auroc: Math.min(positives, negatives) >= minCell ? figure(auroc(probabilities, labels)) : WITHHELD,
  };
}

/** Too few rows. */
const WITHHELD: Figure = { value: null, reason: 'minCell' };
/** There is nothing to compute it from. */
const UNDEFINED: Figure = { value: null, reason: 'undefined' };

function told(value: number): Figure {
  return { value };
}

function figure(value: number | null): Figure {
  return value === null || !Number.isFinite(value) ? UNDEFINED : { value };
}

/** Share of rows on their label's side of 0.5; 0.5 itself is class 0. */
function accuracy(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < labels.length; i += 1) {
    if ((probabilities[i] ?? Number.NaN) > 0.5 === (labels[i] === 1)) right += 1;
  }
  return right / labels.length;
}

function isConstant(values: ArrayLike<number>): boolean {
  return Array.from(values).every((value) => value === values[0]);
}
