import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes, parseJson } from '../../../core/canonicalJson.ts';
import { sha256 } from '../../../core/sha256.ts';
import { textOf, thrown, utf8 } from './thrown.ts';

const text = (value: unknown) => textOf(canonicalBytes(value));

describe('canonicalBytes', () => {
  test('writes the sample of RFC 8785, section 3.2.2, as section 3.2.3 has it', () => {
    const sample = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '€$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(text(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('sorts keys by UTF-16 code units, as RFC 8785, section 3.2.3, has it', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const keys = Object.keys(JSON.parse(text(Object.fromEntries(names.map((name) => [name, 0])))) as object);
    expect(keys).toEqual(['1', '\r', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33']);
  });

  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
  ])('writes the double %s as RFC 8785, appendix B, has it: %s', (bits, expected) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(`0x${bits}`));
    expect(text(view.getFloat64(0))).toBe(expected);
  });

  test('leaves out members that are undefined', () => {
    expect(text({ b: 1, a: undefined })).toBe('{"b":1}');
  });

  test.each([
    ['NaN', Number.NaN],
    ['infinity', { a: [Number.POSITIVE_INFINITY] }],
    ['a lone surrogate', '\ud800'],
    ['a bigint', { a: 1n }],
  ])('refuses %s, and says why', (_, value) => {
    const error = thrown(() => canonicalBytes(value));
    expect(error.code).toBe('DOCUMENT_INVALID');
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.details.reason).toBe((error.cause as Error).message);
    expect(error.message).toBe(`the value has no canonical JSON form: ${String(error.details.reason)}`);
  });

  test('refuses an undefined root', () => {
    const error = thrown(() => canonicalBytes(undefined));
    expect(error.code).toBe('DOCUMENT_INVALID');
    expect(error.message).toBe('an undefined value has no JSON form: pass an object, array or scalar');
  });

  test('does not depend on the order in which members were set, and parses back to the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const bytes = canonicalBytes(value);
        expect(canonicalBytes(reversed(value))).toEqual(bytes);
        expect(canonicalBytes(parseJson(bytes))).toEqual(bytes);
      }),
      { seed: 1 },
    );
  });
});

describe('parseJson', () => {
  test.each([
    ['a byte order mark', new Uint8Array([0xef, 0xbb, 0xbf, 0x31])],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['an overlong encoding', new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    ['a surrogate in UTF-8', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['half a document', utf8('{"a":')],
    ['nothing', new Uint8Array()],
  ])('refuses %s, and says why', (_, bytes) => {
    const error = thrown(() => parseJson(bytes));
    expect(error.code).toBe('DOCUMENT_INVALID');
    // The decoder's own errors come from outside the test's realm.
    expect(error.details.reason).toContain((error.cause as Error).message);
    expect(error.message).toBe(`document is not UTF-8 JSON: ${String(error.details.reason)}`);
  });

  test('refuses more bytes than its limit before it parses them', () => {
    const error = thrown(() => parseJson(utf8('[1,2]'), 4));
    expect(error.code).toBe('TOO_LARGE');
    expect(error.details).toEqual({ got: 5, limit: 4 });
    expect(error.message).toBe('document is 5 bytes; at most 4 are read');
    expect(parseJson(utf8('[1,2]'), 5)).toEqual([1, 2]);
  });
});

test('sha256 gives the digest of FIPS 180-4 for "abc"', () => {
  expect(sha256(utf8('abc'))).toBe('0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, reversed(member)] as const);
  const out = {};
  for (const [key, member] of members.reverse()) {
    Object.defineProperty(out, key, { value: member, enumerable: true, configurable: true, writable: true });
  }
  return out;
}
