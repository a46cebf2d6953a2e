import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Kernel } from '../../../../core/aggregate/Kernel.ts';
import { renderKernel } from '../../../support/kernel.ts';

const float = fc.float({ noNaN: false });
const weight = fc.double({ noNaN: true, min: 0, max: 2 ** 40 });

/** The loops that the kernel stands for, float64, every operation rounded once. */
function plainly(base: Float32Array, updates: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const total = weights.reduce((sum, one) => sum + one, 0);
  return base.map((value, i) => {
    let sum = 0;
    updates.forEach((update, k) => {
      sum += (weights[k] ?? 0) * (update[i] ?? 0);
    });
    return Math.fround(value + sum / total);
  });
}

/** NaN has many spellings, and which one comes out is nobody's promise: such a result is thrown away. */
function spelled(values: Float32Array): number[] {
  return [...new Uint32Array(values.map((value) => (Number.isNaN(value) ? 0.5 : value)).buffer)];
}

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

test('gives the bytes of plain loops, whatever the values and however many', () => {
  const kernel = new Kernel(4 * 64);
  const block = fc.integer({ min: 0, max: 64 }).chain((length) => {
    const values = fc.float32Array({ minLength: length, maxLength: length });
    return fc.record({
      base: values,
      updates: fc.array(
        fc.tuple(
          fc.oneof(
            values,
            fc.array(float, { minLength: length, maxLength: length }).map((all) => new Float32Array(all)),
          ),
          weight,
        ),
        { minLength: 1, maxLength: 5 },
      ),
    });
  });
  fc.assert(
    fc.property(block, ({ base, updates }) => {
      const weights = updates.map(([, one]) => one);
      const want = plainly(
        base,
        updates.map(([values]) => values),
        weights,
      );
      kernel.begin(base.length);
      for (const [values, one] of updates) kernel.add(bytesOf(values), one);
      kernel.mean(weights.reduce((sum, one) => sum + one, 0));
      const { bytes, finite } = kernel.step(bytesOf(base));
      expect(spelled(new Float32Array(bytes.buffer, 0, base.length))).toEqual(spelled(want));
      expect(finite).toBe(want.every(Number.isFinite));
    }),
    { seed: 20261130, numRuns: 400 },
  );
});

test('is not disturbed by what a longer block left behind', () => {
  const kernel = new Kernel(64);
  const run = (values: number[]) => {
    kernel.begin(values.length);
    kernel.add(bytesOf(new Float32Array(values)), 2);
    kernel.mean(2);
    return kernel.step(bytesOf(new Float32Array(values.length)));
  };
  expect(run(Array(16).fill(Number.NaN)).finite).toBe(false);
  expect(run([1, 2, 3, 4, 5]).finite).toBe(true);
});

test('is what kernel.wat compiles to', async () => {
  const committed = join(import.meta.dirname, '..', '..', '..', '..', 'core', 'aggregate', 'kernelCode.ts');
  expect(readFileSync(committed, 'utf8')).toBe(await renderKernel());
});
