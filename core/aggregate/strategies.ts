import type { Plan } from '../plan/Plan.ts';
import { fedavg } from './fedavg.ts';
import type { Strategy } from './Strategy.ts';

/** Every strategy that a plan can name. */
export const strategies: Readonly<Record<Plan['strategy']['name'], Strategy>> = { fedavg };
