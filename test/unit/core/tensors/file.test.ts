import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeUpdate } from '../../../../core/tensors/encodeUpdate.ts';
import { FiniteScanner } from '../../../../core/tensors/FiniteScanner.ts';
import { decodeFile, encodeFile, type NamedTensor, specsOf } from '../../../../core/tensors/file.ts';
import { parseHeader } from '../../../../core/tensors/header.ts';
import { saltOf, updateMetadata } from '../../../../core/tensors/salt.ts';
import { sameSpecs } from '../../../../core/tensors/TensorSpec.ts';
import { thrown } from '../thrown.ts';

const salt = `0x${'5a'.repeat(32)}`;
const kernel = { name: 'logit/kernel', shape: [2, 1], data: Float32Array.of(1, -2.5) };
const bias = { name: 'logit/bias', shape: [1], data: Float32Array.of(0.1) };
const anyFloat = fc.float({ noDefaultInfinity: false, noNaN: false });

describe('a model file', () => {
  test('holds its tensors by name, little-endian, without gaps', () => {
    const bytes = encodeFile([kernel, bias]);
    const { dataStart, fileLength } = parseHeader(bytes);
    expect(bytes.length).toBe(fileLength);
    expect(Buffer.from(bytes.subarray(dataStart)).toString('hex')).toBe('cdcccc3d' + '0000803f' + '000020c0');
  });

  test('reads back bit for bit, from any alignment', () => {
    fc.assert(
      fc.property(fc.array(anyFloat, { minLength: 1 }), fc.integer({ min: 0, max: 8 }), (values, shift) => {
        const data = Float32Array.from(values);
        const bytes = encodeFile([{ name: 'a/kernel', shape: [data.length], data }], { salt });
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        const file = decodeFile(moved.subarray(shift));
        expect(file.metadata).toEqual({ salt });
        expect(file.tensors.get('a/kernel')?.data).toEqual(data);
        const again = [...file.tensors].map(([name, tensor]) => ({ name, ...tensor }));
        expect(encodeFile(again, file.metadata)).toEqual(bytes);
      }),
      { seed: 1 },
    );
  });

  test('is read the same at any alignment, and in place where that is whole words', () => {
    const bytes = encodeFile([kernel, bias]);
    for (const offset of [0, 1, 2, 3]) {
      const shifted = new Uint8Array(bytes.length + offset);
      shifted.set(bytes, offset);
      const { tensors } = decodeFile(shifted.subarray(offset));
      expect(tensors.get('logit/bias')?.data).toEqual(bias.data);
      expect(tensors.get('logit/kernel')?.data).toEqual(kernel.data);
      expect(tensors.get('logit/bias')?.data.buffer === shifted.buffer).toBe(offset === 0);
    }
  });

  test('takes a view into a larger array', () => {
    const whole = Float32Array.of(9, 1, 2, 9);
    const bytes = encodeFile([{ name: 'a/k', shape: [2], data: whole.subarray(1, 3) }]);
    expect(decodeFile(bytes).tensors.get('a/k')?.data).toEqual(Float32Array.of(1, 2));
  });

  test('is refused one byte short or long', () => {
    const bytes = encodeFile([kernel, bias]);
    const long = new Uint8Array(bytes.length + 1);
    long.set(bytes);
    expect(thrown(() => decodeFile(bytes.subarray(0, -1))).code).toBe('TENSORS_INVALID');
    expect(thrown(() => decodeFile(long)).code).toBe('TENSORS_INVALID');
  });

  test('is not made of data that does not fill its shape', () => {
    expect(thrown(() => encodeFile([{ ...kernel, shape: [3, 1] }])).code).toBe('TENSORS_INVALID');
  });

  test('says the specs that its header says', () => {
    const bytes = encodeFile([kernel, bias]);
    expect(sameSpecs(specsOf(decodeFile(bytes)), parseHeader(bytes).specs)).toBe(true);
  });
});

describe('a salt', () => {
  test('is 32 bytes as 0x-hex', () => {
    expect(updateMetadata(new Uint8Array(32).fill(0x5a))).toEqual({ salt });
    expect(() => updateMetadata(new Uint8Array(31))).toThrow(RangeError);
    expect(saltOf({ salt })).toBe(salt);
  });

  test.each([[{}], [{ salt: '0x5a' }], [{ salt: salt.toUpperCase() }]])('is missed in %j', (metadata) => {
    expect(thrown(() => saltOf(metadata)).code).toBe('SALT_MISSING');
  });

  test('stands alone in the metadata', () => {
    expect(thrown(() => saltOf({ salt, hospital: 'x' })).code).toBe('TENSORS_INVALID');
  });
});

describe('encodeUpdate', () => {
  const base = decodeFile(encodeFile([kernel, bias]));
  const tensor = (name: string, ...values: number[]): NamedTensor => {
    const shape = name === 'logit/kernel' ? kernel.shape : [values.length];
    return { name, shape, data: Float32Array.from(values) };
  };
  const local = [tensor('logit/kernel', 1.5, -2.5), tensor('logit/bias', 0.3)];
  const [trainedKernel] = local as [NamedTensor, NamedTensor];

  test('writes f32(local − base) under the base’s names, with the salt', () => {
    const update = decodeFile(encodeUpdate(base, local, new Uint8Array(32).fill(0x5a)));
    expect(update.metadata).toEqual({ salt });
    expect(update.tensors.get('logit/kernel')?.data).toEqual(Float32Array.of(0.5, 0));
    expect(update.tensors.get('logit/bias')?.data[0]).toBe(Math.fround(Math.fround(0.3) - Math.fround(0.1)));
  });

  test('refuses a difference that is not finite', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const bad = [trainedKernel, tensor('logit/bias', value)];
      expect(thrown(() => encodeUpdate(base, bad, updateMetadata(new Uint8Array(32)).salt)).code).toBe('NOT_FINITE');
    }
    const far = decodeFile(encodeFile([{ ...bias, data: Float32Array.of(-3e38) }]));
    const opposite = [tensor('logit/bias', 3e38)];
    expect(thrown(() => encodeUpdate(far, opposite, new Uint8Array(32))).code).toBe('NOT_FINITE');
  });

  test('refuses tensors that are not the base’s', () => {
    const missing = [trainedKernel];
    const longer = [trainedKernel, tensor('logit/bias', 0, 0)];
    const turned = [{ ...trainedKernel, shape: [...kernel.shape].reverse() }, tensor('logit/bias', 0)];
    const more = [...local, tensor('other/bias', 0)];
    const twice = [...local, tensor('logit/bias', 0)];
    for (const bad of [missing, longer, turned, more, twice]) {
      expect(thrown(() => encodeUpdate(base, bad, new Uint8Array(32))).code).toBe('TENSORS_MISMATCH');
    }
  });
});

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

  test('refuses data that ends within an element', () => {
    const scanner = new FiniteScanner();
    scanner.push(new Uint8Array(5));
    expect(scanner.elements).toBe(1);
    expect(thrown(() => scanner.end()).code).toBe('TENSORS_INVALID');
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
