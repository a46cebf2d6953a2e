import type { Figure, MetricSet } from '../../core/manifest/Report.ts';
import { auroc } from './auroc.ts';
import { binaryCrossentropy } from './loss.ts';

/**
 * A model's figures on a site's test rows, in float64, with everything withheld that rests on too few rows.
 *
 * A figure is told only if each group of rows that it rests on has `minCell`: all rows for loss and accuracy, each
 * class for AUROC. A count by class between 1 and `minCell` − 1 is withheld, and so is what would give it away: the
 * other class's count beside the total; a total that is itself so small; loss and accuracy where they narrow such a
 * count down (see {@link givesAway}).
 *
 * @param probabilities of class 1, one a test row
 * @param labels 1 or 0, one a test row
 */
export function evaluate(probabilities: ArrayLike<number>, labels: ArrayLike<number>, minCell: number): MetricSet {
  const rows = labels.length;
  const positives = Array.from(labels).filter((label) => label === 1).length;
  const negatives = rows - positives;
  const classesTold = [rows, positives, negatives].every((count) => count === 0 || count >= minCell);
  const each = Array.from({ length: rows }, (_, i) => probabilities[i] ?? Number.NaN);
  const overall = (ofClass1: (p: number) => number, ofClass0: (p: number) => number): Figure => {
    if (rows < minCell) return WITHHELD;
    const differences = each.map((p) => ofClass0(p) - ofClass1(p));
    if (!classesTold && givesAway(differences, labels, minCell)) return WITHHELD;
    const terms = each.map((p, i) => (labels[i] === 1 ? ofClass1(p) : ofClass0(p)));
    return figure(rows === 0 ? null : terms.reduce((sum, term) => sum + term, 0) / rows);
  };
  return {
    rows: rows === 0 || rows >= minCell ? told(rows) : WITHHELD,
    positives: classesTold ? told(positives) : WITHHELD,
    negatives: classesTold ? told(negatives) : WITHHELD,
    loss: overall(
      (p) => binaryCrossentropy(p, 1),
      (p) => binaryCrossentropy(p, 0),
    ),
    // The share of rows on their label's side of 0.5; 0.5 itself is class 0.
    accuracy: overall(
      (p) => (p > 0.5 ? 1 : 0),
      (p) => (p > 0.5 ? 0 : 1),
    ),
    auroc: Math.min(positives, negatives) >= minCell ? figure(auroc(probabilities, labels)) : WITHHELD,
  };
}

/**
 * Whether a mean over all rows narrows a class's count down to fewer than `minCell`, for a reader who knows what the
 * model answers for each row and only not which rows are of which class. Such a mean is a constant plus, for each
 * row of class 0, what that row would change; `count` rows of class 0 are possible if the sum that was reached lies
 * between the smallest and the largest that so many rows can give. Where all rows are answered alike (or all fall on
 * one side of 0.5, for accuracy), the mean is the classes' shares in other words, and one count alone is possible.
 */
function givesAway(differences: readonly number[], labels: ArrayLike<number>, minCell: number): boolean {
  const rows = differences.length;
  const reached = differences.reduce((sum, difference, i) => (labels[i] === 1 ? sum : sum + difference), 0);
  const ascending = [...differences].sort((a, b) => a - b);
  // Sums of floats in another order differ in their last digits.
  const slack = 1e-9 * (1 + ascending.reduce((sum, difference) => sum + Math.abs(difference), 0));
  let [least, most] = [0, 0];
  let [possibly0, possibly1] = [0, 0];
  for (let count = 0; count <= rows; count += 1) {
    if (least - slack <= reached && reached <= most + slack) {
      possibly0 = Math.max(possibly0, count);
      possibly1 = Math.max(possibly1, rows - count);
    }
    least += ascending[count] ?? 0;
    most += ascending[rows - 1 - count] ?? 0;
  }
  return Math.min(possibly0, possibly1) < minCell;
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
