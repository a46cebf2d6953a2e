import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { checkPlan } from '../../../core/plan/checkPlan.ts';

function read(name: string) {
  const text = readFileSync(new URL(`../../../examples/heart/${name}.yaml`, import.meta.url), 'utf8');
  return checkPlan(text, 'yaml').plan;
}

test("the heart example is FLamby's recipe", () => {
  const plan = read('plan');
  expect(plan.training).toEqual({
    loss: 'binaryCrossentropy',
    optimizer: { name: 'sgd', learningRate: 0.001 },
    batchSize: 4,
    localSteps: 100,
    shortBatch: 'keep',
  });
  const bound = 1 / Math.sqrt(13);
  const flat = { class_name: 'RandomUniform', config: { minval: -bound, maxval: bound } };
  expect(plan.model.topology).toMatchObject({
    config: { layers: [{ config: { name: 'logit', units: 1, kernel_initializer: flat, bias_initializer: flat } }] },
  });
  expect(plan).toMatchObject({ rounds: 15, quorum: 2, startAt: 4, minCell: 10, seed: 0, weighting: 'samples' });
  expect(plan.data.normalise).toEqual({ kind: 'zscore', ddof: 1, epsilon: 1e-9 });
  expect(plan.split).toEqual({ kind: 'file' });
});

test('the stand-in is trained as the real data, on a split of its own', () => {
  const { name: _, purpose: __, ethics: ___, controller: ____, split, ...standin } = read('standin-plan');
  expect(split).toEqual({ kind: 'fraction', test: 0.34 });
  expect(read('plan')).toMatchObject(standin);
});

test('the stand-in is named synthetic, so that every list and view of its studies says so', () => {
  expect(read('standin-plan').name).toBe('heart-disease-synthetic');
  expect(read('plan').name).not.toContain('synthetic');
});

test('the exactness example is one full step a round from zero', () => {
  const plan = read('exactness-plan');
  expect(plan.training).toMatchObject({ batchSize: 'full', localSteps: 1, optimizer: { learningRate: 0.1 } });
  expect(plan.model.topology).toMatchObject({
    config: {
      layers: [{ config: { kernel_initializer: { class_name: 'Zeros' }, bias_initializer: { class_name: 'Zeros' } } }],
    },
  });
  expect(plan).toMatchObject({ rounds: 100, quorum: 4 });
  expect(plan.data).toEqual(read('plan').data);
});
