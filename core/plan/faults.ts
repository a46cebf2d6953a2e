import { SyndicError } from '../errors/SyndicError.ts';
import type { Fault } from '../schemas.ts';

/** The refusal of a whole plan: every fault, each with its path, in the message and in `details.faults`. */
export function planInvalid(faults: readonly Fault[], cause?: unknown): SyndicError {
  const lines = faults.map(({ path, message }) => `  ${path === '' ? 'plan' : path}: ${message}`);
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return new SyndicError('PLAN_INVALID', `the plan has ${count}:\n${lines.join('\n')}`, { faults }, { cause });
}
