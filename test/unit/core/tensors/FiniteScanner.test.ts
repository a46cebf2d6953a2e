import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FiniteScanner } from '../../../../core/tensors/FiniteScanner.ts';
import { thrown } from '../thrown.ts';

const anyFloat = fc.float({ noDefaultInfinity: false, noNaN: false });

describe('FiniteScanner', () => {
  test('finds the first NaN or infinity wherever the chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyFloat, fc.constant(3.4e38), fc.constant(-0)), { maxLength: 20 }),
        fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1 }),
        (values, cuts) => {
          const data = Float32Array.from(values);
          const first = data.findIndex((value) => !Number.isFinite(value));
          expect(scan(new Uint8Array(data.buffer), cuts)).toBe(first === -1 ? null : first);
        },
      ),
      { seed: 1, numRuns: 1000 },
    );
  });

  test('tells every bit pattern at the edge of the finite from those beyond', () => {
    for (const [bits, finite] of [
      [0x7f7fffff, true],
      [0x7f800000, false],
      [0x7f800001, false],
      [0xff7fffff, true],
      [0xff800000, false],
      [0x7fffffff, false],
      [0xffffffff, false],
      [0x00ff7fff, true],
    ] as const) {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, bits, true);
      for (const cut of [1, 2, 3, 4]) expect(scan(bytes, [cut])).toBe(finite ? null : 0);
    }
  });

  test('counts elements over chunks of many, cut within an element', () => {
    const data = new Float32Array(50_000).fill(1);
    for (const bad of [0, 1, 7, 20_000, 49_999]) {
      const values = Float32Array.from(data);
      values[bad] = Number.POSITIVE_INFINITY;
      for (const cut of [6, 30_001, 65_537, 80_003]) {
        expect(scan(new Uint8Array(values.buffer), [cut])).toBe(bad);
        expect(scan(new Uint8Array(values.buffer), [1, cut])).toBe(bad);
      }
    }
  });

  test('refuses data that ends within an element', () => {
    const scanner = new FiniteScanner();
    scanner.push(new Uint8Array(5));
    expect(scanner.elements).toBe(1);
    expect(thrown(() => scanner.end())).toMatchObject({
      code: 'TENSORS_INVALID',
      message: 'tensor data ends within an element',
    });
    scanner.push(new Uint8Array(3));
    expect(scanner.end()).toBeUndefined();
  });
});

/** Feeds `bytes` in chunks of these sizes, over and over; a 0 is an empty chunk. */
function scan(bytes: Uint8Array, cuts: readonly number[]): number | null {
  const scanner = new FiniteScanner();
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = i >= cuts.length * 10 ? bytes.length : (cuts[i % cuts.length] ?? 1);
    const bad = scanner.push(bytes.subarray(at, at + size));
    if (bad !== null) return bad;
    at += size;
  }
  scanner.end();
  return null;
}
