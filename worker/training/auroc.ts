/**
 * The exact area under the ROC curve: the chance that a random positive scores above a random negative, ties counting
 * half. From ranks, ties at their mean (Mann and Whitney 1947): (R⁺ − P(P + 1)/2) / (P·N), where R⁺ sums the ranks of
 * the positives. Ranks are halves of whole numbers, so the sum is exact in float64.
 *
 * @param labels 1 or 0, one a score
 * @returns null when a class has no row
 */
export function auroc(scores: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  const order = Array.from({ length: scores.length }, (_, i) => ({
    score: scores[i] ?? Number.NaN,
    positive: labels[i] === 1,
  })).sort((a, b) => a.score - b.score);
  const positives = order.filter((row) => row.positive).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let tied = 0;
    while (end < order.length && order[end]?.score === order[start]?.score) {
      if (order[end]?.positive) tied += 1;
      end += 1;
    }
    // Ranks start + 1 … end share their mean.
    rankSum += (tied * (start + 1 + end)) / 2;
    start = end;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
