import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeFile } from '../../../../core/tensors/file.ts';
import { saltOf } from '../../../../core/tensors/salt.ts';
import { saltedUpdate } from '../../../../worker/training/saltedUpdate.ts';
import { joined } from '../../../support/joined.ts';
import { modelFile, modelTensors } from './jobs.ts';

const updateFile = (...args: Parameters<typeof saltedUpdate>): Uint8Array => joined(saltedUpdate(...args));

describe('the update that leaves a site', () => {
  test('holds f32(local) − f32(base) rounded to f32, whatever the order of the tensors', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e30), max: Math.fround(1e30) });
    fc.assert(
      fc.property(fc.array(fc.tuple(float, float), { minLength: 1, maxLength: 20 }), (pairs) => {
        const base = modelFile(
          pairs.map(([value]) => value),
          0.25,
        );
        const local = modelTensors(
          pairs.map(([, value]) => value),
          1,
        );
        const { tensors } = decodeFile(updateFile(base, local));
        expect([...(tensors.get('output/kernel')?.data ?? [])]).toEqual(pairs.map(([b, l]) => Math.fround(l - b)));
        expect([...(tensors.get('output/bias')?.data ?? [])]).toEqual([0.75]);
      }),
      { seed: 5 },
    );
  });

  test('carries a salt that is fresh every time, so that equal updates have different digests', () => {
    const files = [0, 1].map(() => updateFile(modelFile([1], 0), modelTensors([2], 0)));
    const salts = files.map((file) => saltOf(decodeFile(file).metadata));
    expect(salts[0]).not.toBe(salts[1]);
  });

  test('is refused when names or shapes are not the base’s', () => {
    const mismatch = expect.objectContaining({ code: 'TENSORS_MISMATCH' });
    const base = modelFile([1, 2], 0);
    const local = modelTensors([1, 2], 0);
    expect(() => updateFile(base, modelTensors([1, 2, 3], 0))).toThrow(mismatch);
    expect(() => updateFile(base, local.slice(1))).toThrow(mismatch);
    expect(() => updateFile(base, [...local, ...local.slice(1)])).toThrow(mismatch);
    expect(() =>
      updateFile(
        base,
        local.map((tensor) => ({ ...tensor, name: `x${tensor.name}` })),
      ),
    ).toThrow(mismatch);
  });

  test('is refused when a difference is not finite', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => updateFile(modelFile([1], 0), modelTensors([value], 0))).toThrow(
        expect.objectContaining({ code: 'NOT_FINITE' }),
      );
    }
    expect(() => updateFile(modelFile([-3e38], 0), modelTensors([3e38], 0))).toThrow(
      expect.objectContaining({ code: 'NOT_FINITE' }),
    );
  });
});
