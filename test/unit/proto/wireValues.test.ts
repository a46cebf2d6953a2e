import { expect, test } from '@jest/globals';
import { digest, slot } from '../../../core/values.ts';
import { toWire, wireCount, wireDigest, wireInstant, wireValue } from '../../../proto/wireValues.ts';

const D = digest(`0x${'a7'.repeat(32)}`);

test('digests go over the wire as 32 bytes, and no other number of them comes back', () => {
  expect(wireDigest(toWire(D), 'plan')).toBe(D);
  for (const length of [0, 31, 33]) {
    expect(() => wireDigest(new Uint8Array(length), 'plan')).toThrow(
      expect.objectContaining({ code: 'DOCUMENT_INVALID' }),
    );
  }
});

test('counts are whole numbers below 2^53', () => {
  expect(wireCount('0', 'offset')).toBe(0);
  expect(wireCount('9007199254740991', 'offset')).toBe(2 ** 53 - 1);
  expect(wireInstant('1800000000', 'opened')).toBe(1_800_000_000);
  for (const text of ['9007199254740992', '18446744073709551615', '-1', '1.5', 'x']) {
    expect(() => wireCount(text, 'offset')).toThrow(expect.objectContaining({ code: 'DOCUMENT_INVALID' }));
  }
});

test("what core/values refuses is the sender's fault", () => {
  expect(wireValue('slot', () => slot(7))).toBe(7);
  expect(() => wireValue('slot', () => slot(0))).toThrow(expect.objectContaining({ code: 'DOCUMENT_INVALID' }));
  expect(() =>
    wireValue('slot', () => {
      throw new TypeError('ours');
    }),
  ).toThrow('ours');
});
