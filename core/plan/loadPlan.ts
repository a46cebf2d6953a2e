import { SyndicError } from '../errors/SyndicError.ts';
import { sameBytes } from '../sameBytes.ts';
import { checkPlanValue } from './checkPlan.ts';
import { planInvalid } from './faults.ts';
import type { CheckedPlan } from './Plan.ts';
import { MAX_PLAN_TEXT, parsePlanText } from './parsePlanText.ts';

/**
 * Reads a plan that was normalised already, as it is stored and sent. Nothing is written in: bytes that are not
 * exactly what `checkPlan` made are refused. The caller compares `hash` with the study's on chain.
 *
 * @throws SyndicError TOO_LARGE past 1 MiB; PLAN_INVALID listing every fault
 */
export function loadPlan(bytes: Uint8Array): CheckedPlan {
  if (bytes.byteLength > MAX_PLAN_TEXT) {
    throw new SyndicError('TOO_LARGE', `the plan is ${bytes.byteLength} bytes; at most ${MAX_PLAN_TEXT} are read`);
  }
  const checked = checkPlanValue(parsePlanText(decode(bytes), 'json'));
  if (!sameBytes(checked.bytes, bytes)) {
    throw planInvalid([{ path: '', message: 'is not in its normal form: check it with `syndic plan check` first' }]);
  }
  return checked;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw planInvalid([{ path: '', message: 'is not UTF-8' }], cause);
  }
}
