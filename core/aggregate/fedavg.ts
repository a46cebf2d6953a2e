import type { Strategy } from './Strategy.ts';
import { weightOf } from './weights.ts';

/**
 * Federated averaging: the mean of the updates, weighted by what the plan's `weighting` makes of the declared samples
 * (McMahan et al., AISTATS 2017, algorithm 1, over updates instead of models).
 */
export const fedavg: Strategy = {
  name: 'fedavg',
  weightOf: (update, plan) => weightOf(update.samples, plan.weighting),
  serverStep: () => undefined,
};
