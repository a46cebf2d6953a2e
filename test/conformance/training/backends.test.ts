import { afterAll, describe, expect, test } from '@jest/globals';
import type { Loaded } from '../../../worker/training/backends.ts';
import { TfjsTrainer } from '../../../worker/training/tfjs.ts';
import { hasNative } from '../../support/native.ts';
import { needs } from '../../support/needs.ts';
import { someJob } from '../../unit/worker/training/jobs.ts';
import { largestDifference } from '../../unit/worker/training/reference.ts';
import { trainerConformance } from './trainer.ts';

trainerConformance('wasm', false);
trainerConformance('cpu', true);
needs('backend native (@tensorflow/tfjs-node)', hasNative())('native TensorFlow', () => {
  trainerConformance('native', true);
});

describe('backends', () => {
  const trainers = (['wasm', 'cpu'] as const).map((backend) => new TfjsTrainer({ backend }));
  afterAll(() => Promise.all(trainers.map((trainer) => trainer.close())));

  test('wasm and cpu agree: the same accuracy, weights to 1e-6', async () => {
    const [wasm, cpu] = await Promise.all(trainers.map((trainer) => trainer.train(someJob())));
    expect(wasm?.metrics.after.accuracy).toEqual(cpu?.metrics.after.accuracy);
    for (const [i, tensor] of (wasm?.local ?? []).entries()) {
      expect(largestDifference(tensor.data, cpu?.local[i]?.data ?? [])).toBeLessThan(1e-6);
    }
  });

  test('one that is forced and does not load is an error that names it', async () => {
    if (hasNative()) return;
    const native = new TfjsTrainer({ backend: 'native' });
    await expect(native.train(someJob())).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('native:'),
    });
    await native.close();
  });

  test('auto takes native where it loads, else WebAssembly, and tells what it took and why', async () => {
    const told: Loaded[] = [];
    const trainer = new TfjsTrainer({ backend: 'auto', onLoaded: (loaded) => told.push(loaded) });
    const { runtime } = await trainer.train(someJob());
    expect(runtime.backend).toBe(hasNative() ? 'tensorflow' : 'wasm');
    const skipped = hasNative() ? [] : [expect.stringMatching(/^native: ./)];
    expect(told).toEqual([{ runtime, skipped }]);
    await trainer.close();
  });
});
