import { expect, test } from '@jest/globals';
import { hasData } from '../../support/dataDir.ts';
import { hasNative } from '../../support/native.ts';
import { needs } from '../../support/needs.ts';
import { runScript } from '../../support/runScript.ts';
import type { Trained } from './bloodCells.ts';

const STEPS = 80;
/** One thread and no oneDNN: what TensorFlow computes then repeats in every byte. */
const EXACT = { TF_NUM_INTRAOP_THREADS: '1', TF_ENABLE_ONEDNN_OPTS: '0' };

function train(steps: number, env: Readonly<Record<string, string>>): Promise<Trained> {
  return runScript(new URL('./bloodCells.ts', import.meta.url), ['native', String(steps)], env);
}

const native = needs('backend native (npm run tfjs:native)', hasNative());
const describeBoth = hasNative() ? needs('data blood', hasData('blood')) : native;

describeBoth('a small convolutional network, trained natively on blood cells', () => {
  test('tells red cells from others: 20 points better than the more frequent class', async () => {
    const { runtime, metrics, majority } = await train(STEPS, { TF_NUM_INTRAOP_THREADS: '2' });
    expect(runtime).toMatchObject({ backend: 'tensorflow', threads: 2 });
    expect(majority).toBeCloseTo(204 / 355);
    expect(metrics.after.accuracy.value).toBeGreaterThan(majority + 0.2);
    expect(metrics.after.loss.value).toBeLessThan(Number(metrics.before.loss.value));
  });

  test('repeats in every byte on one thread without oneDNN', async () => {
    const [first, second] = [await train(20, EXACT), await train(20, EXACT)];
    expect(first.runtime.threads).toBe(1);
    expect(second).toEqual(first);
  });
});
