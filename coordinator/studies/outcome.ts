import { OUTCOME, type Outcome } from '../../core/statements/entries.ts';

/** @throws RangeError when it is none: a fault of ours */
export function outcomeOf(value: number | null): Outcome {
  const outcome = Object.values(OUTCOME).find((known) => known === value);
  if (outcome === undefined) throw new RangeError(`no outcome: ${value}`);
  return outcome;
}
