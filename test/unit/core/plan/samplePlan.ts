import type { Fault } from '../../../../core/schemas.ts';
import { thrown } from '../thrown.ts';

/** The least that a plan says; everything else has a default. */
export const samplePlan = {
  schema: 'syndic.plan/1',
  name: 'sample',
  purpose: { duo: 'DUO:0000007', description: 'A test' },
  ethics: { approval: 'none needed', body: 'nobody' },
  controller: 'each hospital',
  model: { kind: 'logistic' },
  data: {
    columns: [
      { name: 'age', type: 'number', min: 0, max: 120 },
      { name: 'pain', type: 'number', levels: [1, 2, 3, 4] },
      { name: 'ward', type: 'text' },
      { name: 'set', type: 'text' },
      { name: 'num', type: 'number' },
    ],
    features: ['age', { column: 'pain', encode: 'onehot', drop: 'first' }],
    label: { column: 'num', above: 0 },
  },
  split: { fraction: 0.25 },
  training: { optimizer: { learningRate: 0.001 }, batchSize: 4, localSteps: 100 },
  rounds: 3,
};

/** The sample with what stands at a path, as `data.columns[0].name`, set to something else; undefined takes it out. */
export function planWith(...changes: readonly (readonly [path: string, value: unknown])[]): unknown {
  const plan: unknown = structuredClone(samplePlan);
  for (const [path, value] of changes) set(plan, path.match(/[^.[\]]+/g) ?? [], value);
  return plan;
}

function set(target: unknown, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (typeof target !== 'object' || target === null) throw new Error(`nothing at ${key}`);
  if (rest.length > 0) set(Reflect.get(target, key), rest, value);
  else if (value === undefined) Reflect.deleteProperty(target, key);
  else Reflect.set(target, key, value);
}

/** What `action` refuses a plan for, each fault as `path: message`; that it throws PLAN_INVALID is looked at too. */
export function faultsIn(action: () => unknown): string[] {
  const error = thrown(action);
  if (error.code !== 'PLAN_INVALID') throw error;
  return (error.details.faults as readonly Fault[]).map(({ path, message }) => `${path}: ${message}`);
}
