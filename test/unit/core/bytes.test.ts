import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sameBytes } from '../../../core/sameBytes.ts';
import { compareNames } from '../../../core/tensors/TensorSpec.ts';
import { base64ToBytes, bytesToHex, concatBytes, hexToBytes } from '../../../core/values.ts';

// What core does without Node's Buffer, held against it.

const bytes = fc.uint8Array({ maxLength: 200 });
/** Any UTF-16 units, halves of surrogate pairs too. */
const text = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('a', 'b', '\ud83d', '\uffff'),
  ),
});
const seeded = { seed: 14, numRuns: 500 };

test('hex and base64 are Buffer’s', () => {
  fc.assert(
    fc.property(bytes, (some) => {
      const buffer = Buffer.from(some);
      expect(bytesToHex(some)).toBe(`0x${buffer.toString('hex')}`);
      expect(hexToBytes(`0x${buffer.toString('hex').toUpperCase()}`)).toEqual(some);
      expect(base64ToBytes(buffer.toString('base64'))).toEqual(some);
    }),
    seeded,
  );
  expect(() => base64ToBytes('AA?=')).toThrow();
});

test('bytes put together and compared are Buffer’s', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 4 }), bytes, (pieces, other) => {
      const all = concatBytes(pieces);
      expect(Buffer.from(all)).toEqual(Buffer.concat(pieces));
      expect(sameBytes(all, new Uint8Array(Buffer.concat(pieces)))).toBe(true);
      expect(sameBytes(all, other)).toBe(Buffer.compare(all, other) === 0);
      expect(sameBytes(all, concatBytes([all, other]))).toBe(other.length === 0);
    }),
    seeded,
  );
});

test('names are in the order of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(text, text, text, (begin, a, b) => {
      const [one, other] = [begin + a, begin + b];
      expect(Math.sign(compareNames(one, other))).toBe(Buffer.compare(Buffer.from(one), Buffer.from(other)));
    }),
    seeded,
  );
});
