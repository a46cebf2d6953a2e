import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { datasetId } from '../../../core/datasetId.ts';
import { sameBytes } from '../../../core/sameBytes.ts';
import {
  address,
  bytesToHex,
  digest,
  fileName,
  hexToBytes,
  instant,
  isDigest,
  round,
  slot,
} from '../../../core/values.ts';
import { utf8 } from './thrown.ts';

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
    for (const bad of ['0x1', 'ab', '0xzz', '0x12 ', ' 0x12']) expect(() => hexToBytes(bad)).toThrow(RangeError);
  });

  test('that are refused are named, long ones cut', () => {
    expect(() => digest('0x1')).toThrow('not a 32-byte digest as 0x-hex: "0x1"');
    expect(() => address('0x1')).toThrow('not a 20-byte address as 0x-hex: "0x1"');
    expect(() => slot(0)).toThrow('not a slot: 0');
    expect(() => round(0)).toThrow('not a round: 0');
    expect(() => instant(-1)).toThrow('not Unix seconds: -1');
    expect(() => hexToBytes('z'.repeat(81))).toThrow(new RangeError(`not 0x-hex: "${'z'.repeat(80)}"`));
  });

  test('are known for digests in their one spelling alone', () => {
    expect(isDigest(`0x${'ab'.repeat(32)}`)).toBe(true);
    for (const other of [`0x${'AB'.repeat(32)}`, `0x${'ab'.repeat(31)}`, [`0x${'ab'.repeat(32)}`], undefined, 7]) {
      expect(isDigest(other)).toBe(false);
    }
  });

  test('are compared as bytes, wherever they lie', () => {
    expect(sameBytes(Uint8Array.of(0, 1, 2).subarray(1), Uint8Array.of(1, 2))).toBe(true);
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  });

  test("name a dataset: by the SHA-256 of its name's bytes, or by an id as it stands", () => {
    expect(datasetId('Szív')).toBe(`0x${createHash('sha256').update(utf8('Szív')).digest('hex')}`);
    expect(datasetId('szív')).not.toBe(datasetId('Szív'));
    expect(datasetId(`0x${'AB'.repeat(32)}`)).toBe(`0x${'ab'.repeat(32)}`);
  });
});
