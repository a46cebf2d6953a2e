import type { Plan, StrategyPlan } from '../../core/plan/Plan.ts';
import type { Digest, Slot } from '../../core/values.ts';

/** Makes models out of plans and stored files, off the event loop. */
export interface Aggregator {
  /**
   * Makes the model that a plan starts from; resolves once it is durable in the store.
   * @throws SyndicError WRONG_BASE when it is not `expected`: nothing is kept then
   */
  initial(plan: Pick<Plan, 'seed' | 'model'>, expected: Digest): Promise<void>;
  /**
   * Resolves once the global model is durable in the store. Same inputs, same bytes.
   * @throws SyndicError AGGREGATE_NOT_FINITE, TENSORS_MISMATCH, NOT_FOUND
   */
  aggregate(job: AggregationJob): Promise<{ global: Digest; length: number }>;
  close(): Promise<void>;
}

export interface AggregationJob {
  readonly strategy: StrategyPlan;
  readonly base: Digest;
  /** Ascending slots, at least two. */
  readonly updates: readonly { readonly slot: Slot; readonly update: Digest; readonly weight: number }[];
}
