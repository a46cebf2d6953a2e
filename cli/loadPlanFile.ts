import { extname } from 'node:path';
import { checkPlan } from '../core/plan/checkPlan.ts';
import type { CheckedPlan } from '../core/plan/Plan.ts';
import { readInputText } from './files.ts';

/** A plan as a person wrote it: `.json` is JSON, everything else YAML. @throws SyndicError PLAN_INVALID */
export async function loadPlanFile(path: string): Promise<CheckedPlan> {
  return checkPlan(await readInputText(path), extname(path).toLowerCase() === '.json' ? 'json' : 'yaml');
}
