import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../worker/training/backends.ts';
import { evaluateLocally, trainLocally } from '../../../../worker/training/localTraining.ts';
import { someJob } from './jobs.ts';

beforeAll(() => loadBackend('cpu'));

describe('training in this thread', () => {
  test('leaves no tensor behind, in full and in small batches, also when it fails', async () => {
    const job = someJob();
    const full = someJob({ plan: { ...job.plan, training: { ...job.plan.training, batchSize: 'full' } } });
    const before = tf.memory().numTensors;
    for (const each of [job, full]) {
      await trainLocally(each, () => {});
      await evaluateLocally({ plan: each.plan, model: each.baseModel, data: each.data });
    }
    const failing = () => {
      throw new Error('stop');
    };
    await expect(trainLocally(full, failing)).rejects.toThrow('stop');
    expect(tf.memory().numTensors).toBe(before);
  });

  test('holds no more tensors in the last step than in the first', async () => {
    const counts: number[] = [];
    await trainLocally(someJob(), () => counts.push(tf.memory().numTensors));
    expect(counts).toHaveLength(10);
    expect(new Set(counts).size).toBe(1);
  });

  test('tells every step', async () => {
    const told: string[] = [];
    await trainLocally(someJob(), (step, total) => told.push(`${step}/${total}`));
    expect(told.at(0)).toBe('1/10');
    expect(told.at(-1)).toBe('10/10');
  });
});
