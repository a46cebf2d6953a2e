import { SyndicError } from '../errors/SyndicError.ts';
import type { Plan } from '../plan/Plan.ts';

/** The weight of an update that declares `samples` training rows. */
export function weightOf(samples: number, weighting: Plan['weighting']): number {
  return weighting === 'uniform' ? 1 : samples;
}

/** The largest power of two not above `count`; 0 for 0. */
export function bucketed(count: number): number {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`not a count: ${count}`);
  if (count === 0) return 0;
  let bucket = 1;
  while (bucket * 2 <= count) bucket *= 2;
  return bucket;
}

/**
 * The `samples` that a site declares: its training rows, at most `maxSamples` where the plan caps, as a power of two
 * where the plan discloses buckets.
 *
 * @throws SyndicError SAMPLES_EXCEEDED when the plan does not cap and the rows are over `maxSamples`
 */
export function declaredSamples(
  trainingRows: number,
  plan: Pick<Plan, 'weighting' | 'disclosure' | 'maxSamples'>,
): number {
  const rows = plan.weighting === 'capped' ? Math.min(trainingRows, plan.maxSamples) : trainingRows;
  const declared = plan.disclosure === 'bucketed' ? bucketed(rows) : rows;
  if (declared > plan.maxSamples) {
    throw new SyndicError(
      'SAMPLES_EXCEEDED',
      `${declared} training rows are over the plan's ${plan.maxSamples}: train on fewer, or ask for weighting "capped"`,
      { declared, maxSamples: plan.maxSamples },
    );
  }
  return declared;
}
