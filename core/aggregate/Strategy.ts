import type { Plan } from '../plan/Plan.ts';

/** What a strategy may know of an update: what its member stated. */
export interface StatedUpdate {
  readonly slot: number;
  /** Training rows declared. */
  readonly samples: number;
}

/**
 * A way to make one model of many updates, as a weighted mean. For each element, in ascending slot order, in float64:
 * `acc += w_k * f64(update_k)`; then `f32(f64(base) + serverStep(acc / sum w))`.
 */
export interface Strategy {
  readonly name: Plan['strategy']['name'];
  /** The weight of one included update: finite, not negative. The manifest tells it. */
  weightOf(update: StatedUpdate, plan: Pick<Plan, 'weighting'>): number;
  /** What is added to the base, from the mean update; in place, one block of elements at a time. */
  serverStep(mean: Float64Array): void;
}
