import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeFile, encodeFile, specsOf } from '../../../../core/tensors/file.ts';
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
    for (const bad of [bytes.subarray(0, -1), long]) {
      expect(thrown(() => decodeFile(bad))).toMatchObject({
        code: 'TENSORS_INVALID',
        message: `file is ${bad.length} bytes; its header makes it ${bytes.length}`,
        details: { got: bad.length, want: bytes.length },
      });
    }
  });

  test('is not made of data that does not fill its shape', () => {
    expect(thrown(() => encodeFile([{ ...kernel, shape: [3, 1] }]))).toMatchObject({
      code: 'TENSORS_INVALID',
      message: 'tensor logit/kernel has 2 values; its shape [3,1] makes it 3',
    });
  });

  test('says the specs that its header says', () => {
    const bytes = encodeFile([kernel, bias]);
    expect(sameSpecs(specsOf(decodeFile(bytes)), parseHeader(bytes).specs)).toBe(true);
    const { tensors } = decodeFile(bytes);
    const turned = new Map([...tensors].toReversed());
    expect(specsOf({ tensors: turned })).toEqual(parseHeader(bytes).specs);
  });
});

describe('a salt', () => {
  test('is 32 bytes as 0x-hex', () => {
    expect(updateMetadata(new Uint8Array(32).fill(0x5a))).toEqual({ salt });
    expect(updateMetadata(saltOf({ salt }))).toEqual({ salt });
    expect(() => updateMetadata(new Uint8Array(31))).toThrow(RangeError);
    expect(saltOf({ salt })).toBe(salt);
  });

  test.each([[{}], [{ salt: '0x5a' }], [{ salt: salt.toUpperCase() }]])('is missed in %j', (metadata) => {
    const { code, message } = thrown(() => saltOf(metadata));
    expect([code, message]).toEqual(['SALT_MISSING', expect.stringContaining('put 32 random bytes')]);
  });

  test('stands alone in the metadata', () => {
    expect(thrown(() => saltOf({ salt, hospital: 'x', age: '7' }))).toMatchObject({
      code: 'TENSORS_INVALID',
      message: 'update has metadata besides its salt: hospital, age',
      details: { unknown: ['hospital', 'age'] },
    });
  });
});
