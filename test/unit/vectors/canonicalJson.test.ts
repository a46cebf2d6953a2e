import { describe, expect, test } from '@jest/globals';
import { canonicalBytes } from '../../../core/canonicalJson.ts';
import { sha256 } from '../../../core/sha256.ts';
import { readVectors } from '../../support/vectors.ts';

const { cases, numbers } = readVectors<{
  cases: { name: string; source: string; canonical: string; sha256: string }[];
  numbers: { bits: string; text: string }[];
}>('canonical-json');

describe('canonical JSON', () => {
  test.each(cases)('has the one spelling of RFC 8785: $name', ({ source, canonical, sha256: wanted }) => {
    const bytes = canonicalBytes(JSON.parse(source));
    expect(new TextDecoder().decode(bytes)).toBe(canonical);
    expect(sha256(bytes)).toBe(wanted);
  });

  test.each(numbers)('spells the double $bits as RFC 8785 does', ({ bits, text }) => {
    const double = Buffer.from(bits, 'hex').readDoubleBE();
    expect(new TextDecoder().decode(canonicalBytes(double))).toBe(text);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, '\ud800', { '\udc00': 1 }])(
    'refuses what JSON cannot say',
    (value) => {
      expect(() => canonicalBytes(value)).toThrow(expect.objectContaining({ code: 'DOCUMENT_INVALID' }));
    },
  );
});
