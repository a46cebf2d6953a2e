import { describe, expect, test } from '@jest/globals';
import { initialDigest, initialModel } from '../../../core/model/initialModel.ts';
import { tensorSpecs } from '../../../core/model/tensorSpecs.ts';
import { checkPlan } from '../../../core/plan/checkPlan.ts';
import { loadPlan } from '../../../core/plan/loadPlan.ts';
import type { Plan } from '../../../core/plan/Plan.ts';
import { compareNames } from '../../../core/tensors/TensorSpec.ts';
import { bytesToHex } from '../../../core/values.ts';
import { readVectors } from '../../support/vectors.ts';

const plans = readVectors<{ cases: { name: string; value: Plan; canonical: string; sha256: string }[] }>('plan').cases;
const models = readVectors<{
  cases: { plan: string; tensors: { name: string; shape: number[] }[]; bytes: string; sha256: string }[];
}>('initial-model').cases;

describe.each(plans)('the plan $name', ({ value, canonical, sha256 }) => {
  test('is loaded from its bytes, under this hash', () => {
    const { plan, hash } = loadPlan(new TextEncoder().encode(canonical));
    expect(plan).toEqual(value);
    expect(hash).toBe(sha256);
  });

  test('is its own normal form', () => {
    const { bytes, hash } = checkPlan(JSON.stringify(value), 'json');
    expect(new TextDecoder().decode(bytes)).toBe(canonical);
    expect(hash).toBe(sha256);
  });
});

describe.each(models)('the initial model of the plan $plan', ({ plan: name, tensors, bytes, sha256 }) => {
  const plan = plans.find((vector) => vector.name === name)?.value;
  if (plan === undefined) throw new Error(`plan.json has no plan ${name}`);

  test('has these tensors, in the order of their names', () => {
    const specs = tensors.map((tensor) => ({ ...tensor, dtype: 'F32' })).sort((a, b) => compareNames(a.name, b.name));
    expect(tensorSpecs(plan.model)).toEqual(specs);
  });

  test('has these bytes and this digest', () => {
    expect(bytesToHex(initialModel(plan))).toBe(bytes);
    expect(initialDigest(plan)).toBe(sha256);
  });
});
