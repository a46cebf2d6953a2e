import { describe, expect, test } from '@jest/globals';
import { asBytes, asFloats, decodeFloats, firstNotFinite, firstNotFiniteIn } from '../../../../core/tensors/floats.ts';

/** Longer than the stretches and blocks that are looked at together, and no multiple of either. */
const LENGTH = 3 * 16 * 1024 + 5;
/** At both ends, and on either side of every border. */
const PLACES = [0, 1, 4095, 4096, 4097, 16_383, 16_384, 16_385, 32_767, 32_768, LENGTH - 2, LENGTH - 1];

function ones(): Float32Array {
  return new Float32Array(LENGTH).fill(-1.5);
}

/** The bytes of `values` at an offset in a larger array. */
function shifted(values: Float32Array, offset: number): Uint8Array {
  const whole = new Uint8Array(values.byteLength + 8);
  whole.set(asBytes(values), offset);
  return whole.subarray(offset, offset + values.byteLength);
}

describe('the first value that is not finite', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('is found wherever %d is', (bad) => {
    for (const place of PLACES) {
      const values = ones();
      values[place] = bad;
      expect(firstNotFinite(values)).toBe(place);
      for (const offset of [0, 1, 2, 3, 4]) expect(firstNotFiniteIn(shifted(values, offset))).toBe(place);
    }
  });

  test('is the first of several', () => {
    const values = ones();
    for (const place of PLACES.slice(3)) values[place] = Number.NaN;
    expect(firstNotFinite(values)).toBe(PLACES[3]);
    expect(firstNotFiniteIn(shifted(values, 1))).toBe(PLACES[3]);
  });

  test('is none where all are, however large or small', () => {
    const edge = Float32Array.of(3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -0);
    for (const values of [ones(), edge, new Float32Array()]) {
      expect(firstNotFinite(values)).toBeNull();
      for (const offset of [0, 1]) expect(firstNotFiniteIn(shifted(values, offset))).toBeNull();
    }
  });

  test('is looked for in the view alone', () => {
    const whole = Float32Array.of(Number.NaN, 1, 2, Number.NaN);
    expect(firstNotFinite(whole.subarray(1, 3))).toBeNull();
    expect(firstNotFiniteIn(asBytes(whole).subarray(4, 12))).toBeNull();
    expect(firstNotFiniteIn(shifted(whole, 1).subarray(4, 12))).toBeNull();
  });
});

describe('little-endian f32', () => {
  const values = Float32Array.of(1, -2.5, 0.1);
  const hex = '0000803f000020c0cdcccc3d';

  test('is written and read back, in place where it can be', () => {
    expect(Buffer.from(asBytes(values)).toString('hex')).toBe(hex);
    expect(asBytes(values).buffer).toBe(values.buffer);
    expect(asBytes(values.subarray(1))).toHaveLength(8);
    expect(asFloats(asBytes(values)).buffer).toBe(values.buffer);
    for (const offset of [0, 1, 2, 3]) {
      expect(asFloats(shifted(values, offset))).toEqual(values);
      expect(decodeFloats(shifted(values, offset))).toEqual(values);
    }
  });

  test('is copied by decodeFloats, at any alignment', () => {
    const bytes = asBytes(values);
    const copy = decodeFloats(bytes);
    expect(copy.buffer).not.toBe(bytes.buffer);
    expect(() => decodeFloats(new Uint8Array(5))).toThrow(new RangeError('5 bytes are not whole f32'));
  });
});
