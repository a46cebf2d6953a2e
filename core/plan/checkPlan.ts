import * as z from 'zod';
import { canonicalBytes } from '../canonicalJson.ts';
import type { Network } from '../model/network.ts';
import { type Fault, faultsOf, pathOf, reporting } from '../schemas.ts';
import { sha256 } from '../sha256.ts';
import { expandModel } from './expandModel.ts';
import { planInvalid } from './faults.ts';
import { featureWidth } from './featureWidth.ts';
import { dataFields, isRecord, type Parsed, planFields } from './fields.ts';
import type { CheckedPlan, FeaturePlan, Plan } from './Plan.ts';
import { type PlanFormat, parsePlanText } from './parsePlanText.ts';
import { dataRules, planRules, resolveFeatures } from './rules.ts';

/**
 * Reads a plan that a person wrote: expands its shorthands, writes in every default, checks every rule. The result is
 * the plan from then on: shown, hashed, stored and sent as it is.
 *
 * @example
 * const { plan, bytes, hash } = checkPlan(await readFile('plan.yaml', 'utf8'), 'yaml');
 *
 * @throws SyndicError PLAN_INVALID listing every fault, each with its path (`details.faults`)
 */
export function checkPlan(text: string, format: PlanFormat): CheckedPlan {
  return checkPlanValue(parsePlanText(text, format));
}

/** The same for a plan that is parsed already. */
export function checkPlanValue(written: unknown): CheckedPlan {
  const plan = normalise(written);
  const bytes = canonicalBytes(plan);
  return { plan, bytes, hash: sha256(bytes) };
}

function normalise(written: unknown): Plan {
  if (!isRecord(written)) throw planInvalid([{ path: '', message: 'a mapping of fields is wanted' }]);
  const { model: writtenModel, data: writtenData, ...others } = written;
  const faults: Fault[] = [];
  const plan = parseFields(planFields, others, '', faults);
  if (writtenData === undefined) faults.push({ path: 'data', message: 'is missing' });
  else if (!isRecord(writtenData)) faults.push({ path: 'data', message: 'a mapping of fields is wanted' });
  const data = isRecord(writtenData) ? parseFields(dataFields, writtenData, 'data', faults) : {};
  faults.push(...planRules(plan), ...dataRules(writtenData, data, plan));
  const features = resolve(data, faults);
  const network = build(writtenModel, features, faults);
  if (faults.length > 0 || features === null || network === null) throw planInvalid(faults);
  return assemble(others, writtenData, features, network);
}

/** Parses each field by itself, so that a fault in one hides none in another. */
function parseFields<F extends Record<string, z.ZodType>>(
  fields: F,
  written: Record<string, unknown>,
  root: string,
  faults: Fault[],
): Parsed<F> {
  const parsed: Parsed<F> = {};
  for (const key of Object.keys(written)) {
    if (!Object.hasOwn(fields, key)) faults.push({ path: below(root, pathOf([key])), message: 'is not known here' });
  }
  for (const key in fields) {
    const result = fields[key]?.safeParse(written[key], reporting);
    if (result === undefined) continue;
    if (result.success) parsed[key] = result.data as z.output<F[typeof key]>;
    else
      faults.push(...faultsOf(result.error).map((fault) => ({ ...fault, path: below(below(root, key), fault.path) })));
  }
  return parsed;
}

function below(root: string, path: string): string {
  if (path === '' || root === '') return root + path;
  return path.startsWith('[') ? `${root}${path}` : `${root}.${path}`;
}

function resolve(data: Parsed<typeof dataFields>, faults: Fault[]): readonly FeaturePlan[] | null {
  if (data.features === undefined || data.columns === undefined) return null;
  const { features, faults: found } = resolveFeatures(data.features, data.columns);
  faults.push(...found);
  return found.length === 0 ? features : null;
}

function build(written: unknown, features: readonly FeaturePlan[] | null, faults: Fault[]): Network | null {
  if (written === undefined) {
    faults.push({ path: 'model', message: 'is missing' });
    return null;
  }
  const model = expandModel(written, features === null ? null : featureWidth(features));
  if ('layers' in model) return model;
  faults.push(...model);
  return null;
}

/** Only after every fault was looked for: what is parsed here is known to be right. */
function assemble(
  others: Record<string, unknown>,
  writtenData: unknown,
  features: readonly FeaturePlan[],
  network: Network,
): Plan {
  const fields = z.object(planFields).parse(others);
  const data = z.object(dataFields).parse(writtenData);
  return {
    ...fields,
    model: { kind: 'layers', topology: network.topology },
    data: { ...data, features },
    maxAttempts: fields.maxAttempts ?? Math.min(2 * fields.rounds, 0xffff_ffff),
    startAt: fields.startAt ?? fields.quorum,
  };
}
