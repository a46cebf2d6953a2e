import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { address, bytesToHex, digest, fileName, hexToBytes, instant, round, slot } from '../../../core/values.ts';

describe('values', () => {
  test('spell bytes as lower-case 0x-hex', () => {
    expect(digest(`0x${'AB'.repeat(32)}`)).toBe(`0x${'ab'.repeat(32)}`);
    expect(address(`0x${'AB'.repeat(20)}`)).toBe(`0x${'ab'.repeat(20)}`);
    expect(fileName(digest(`0x${'ab'.repeat(32)}`))).toBe('ab'.repeat(32));
    for (const bad of [
      '',
      '0x',
      `0x${'a'.repeat(63)}`,
      'a'.repeat(64),
      `0x${'g'.repeat(64)}`,
      `0x${'a'.repeat(64)}\n`,
    ]) {
      expect(() => digest(bad)).toThrow(RangeError);
      expect(() => address(bad)).toThrow(RangeError);
    }
  });

  test('keep to their ranges', () => {
    for (const good of [1, 65_535]) expect(slot(good)).toBe(good);
    for (const bad of [0, 65_536, 1.5, Number.NaN]) expect(() => slot(bad)).toThrow(RangeError);
    for (const good of [1, 2 ** 32 - 1]) expect(round(good)).toBe(good);
    for (const bad of [0, 2 ** 32, 1.5]) expect(() => round(bad)).toThrow(RangeError);
    expect(instant(0)).toBe(0);
    for (const bad of [-1, 0.5, 2 ** 53]) expect(() => instant(bad)).toThrow(RangeError);
  });

  test('turn into hex and back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes);
      }),
      { seed: 1 },
    );
    for (const bad of ['0x1', 'ab', '0xzz', '0x12 ']) expect(() => hexToBytes(bad)).toThrow(RangeError);
  });
});
