import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UpdateChecker } from '../../../../coordinator/intake/UpdateChecker.ts';
import { encodeFile } from '../../../../core/tensors/file.ts';
import { updateMetadata } from '../../../../core/tensors/salt.ts';
import { digest } from '../../../../core/values.ts';
import { tensor } from '../../../support/testConsortium.ts';

const SALT = updateMetadata(digest(`0x${'5a'.repeat(32)}`));
const tensors = [tensor('a/bias', 3), tensor('b/kernel', 50)];
const specs = tensors.map(({ name, shape }) => ({ name, shape, dtype: 'F32' as const }));
const file = encodeFile(tensors, SALT);
const expected = { specs, length: file.length, unsaltedLength: 0 };

/** Pushes `bytes`, cut at these places. Gives the code of the refusal and how many bytes were taken before it. */
function check(bytes: Uint8Array, cuts: readonly number[]): { code: unknown; taken: number } {
  const checker = new UpdateChecker(expected);
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].filter((cut) => cut > 0).sort((a, b) => a - b);
  let taken = 0;
  for (const end of [...places, bytes.length]) {
    try {
      checker.push(bytes.subarray(taken, end));
    } catch (error) {
      return { code: (error as { code?: unknown }).code, taken };
    }
    taken = end;
  }
  return { code: null, taken };
}

const cuts = fc.array(fc.nat(10_000), { maxLength: 40 });

describe('an update', () => {
  test('passes in chunks of any size', () => {
    fc.assert(
      fc.property(cuts, (places) => {
        expect(check(file, places).code).toBeNull();
      }),
      { seed: 1 },
    );
  });

  test('with one element that is not finite is refused by the chunk that ends it, whatever the chunks', () => {
    const dataStart = file.length - 53 * 4;
    fc.assert(
      fc.property(
        cuts,
        fc.nat(52),
        fc.constantFrom(0x7f, 0xff),
        fc.constantFrom(0x80, 0xc0),
        (places, element, top, low) => {
          const bad = Uint8Array.from(file);
          const at = dataStart + element * 4;
          bad.set([0, 0, low, top], at);
          const { code, taken } = check(bad, places);
          expect(code).toBe('NOT_FINITE');
          expect(taken).toBeLessThanOrEqual(at + 3);
        },
      ),
      { seed: 2 },
    );
  });

  test('with other tensors or no salt is refused before any of its data is taken', () => {
    const others: [string, Uint8Array][] = [
      ['TENSORS_MISMATCH', encodeFile([tensor('a/bias', 3), tensor('b/kernal', 50)], SALT)],
      ['TENSORS_MISMATCH', encodeFile([tensor('a/bias', 50), tensor('b/kernel', 3)], SALT)],
      ['TENSORS_MISMATCH', encodeFile([tensor('b/kernel', 50)], SALT)],
      ['SALT_MISSING', encodeFile(tensors)],
    ];
    fc.assert(
      fc.property(cuts, fc.constantFrom(...others), (places, [want, bytes]) => {
        const { code, taken } = check(bytes, places);
        expect(code).toBe(want);
        expect(taken).toBeLessThanOrEqual(bytes.length - 50 * 4);
      }),
      { seed: 3 },
    );
  });

  test('that is any other bytes is refused, never taken and never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 9, maxLength: 400 }), cuts, (bytes, places) => {
        const { code } = check(bytes, places);
        expect([null, 'TENSORS_INVALID', 'TENSORS_MISMATCH', 'SALT_MISSING']).toContain(code);
      }),
      { seed: 4 },
    );
  });
});
