import { expect, test } from '@jest/globals';
import { benchmarkPlan, valuesIn } from '../../../bench/plan.ts';
import { tensorSpecs } from '../../../core/model/tensorSpecs.ts';
import { checkPlanValue } from '../../../core/plan/checkPlan.ts';

test('knows how many values its model has, so that others can be given as many', () => {
  const { plan } = checkPlanValue(benchmarkPlan({ width: 155, rounds: 1, sites: 2 }));
  const sizes = tensorSpecs(plan.model).map(({ shape }) => shape.reduce((product, side) => product * side, 1));
  expect(valuesIn(155)).toBe(sizes.reduce((sum, size) => sum + size, 0));
});
