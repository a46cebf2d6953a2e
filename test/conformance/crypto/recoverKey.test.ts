import { describe, expect, test } from '@jest/globals';
import { SigningKey } from 'ethers';
import fc from 'fast-check';
import { crypto as noble } from '../../../core/crypto/noble.ts';
import { crypto as node } from '../../../core/crypto/node.ts';
import type { Crypto } from '../../../core/crypto/port.ts';
import { bytesToHex, hexToBytes } from '../../../core/values.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const word = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hexOf = (value: Uint8Array | null) => (value === null ? null : bytesToHex(value));

function recovered({ recoverKey }: Crypto, hash: string, signature: string): string | null {
  const bytes = hexToBytes(signature);
  return hexOf(recoverKey(hexToBytes(hash), bytes.subarray(0, 64), bytes[64] === 28 ? 1 : 0));
}

/** What ethers, which shares no code with it, makes of the same. */
function byEthers(hash: string, signature: string): string | null {
  try {
    return SigningKey.recoverPublicKey(hash, signature);
  } catch {
    return null;
  }
}

describe.each<[string, Crypto]>([
  ['libsecp256k1', node],
  ['noble', noble],
])('the key that made a signature is recovered by %s', (_, crypto) => {
  const signed = fc.tuple(
    fc.bigInt({ min: 1n, max: ORDER - 1n }).map((key) => `0x${key.toString(16).padStart(64, '0')}`),
    word.map((hash) => bytesToHex(hash)),
  );

  test('whoever signed whatever', () => {
    fc.assert(
      fc.property(signed, ([secret, hash]) => {
        const key = new SigningKey(secret);
        expect(recovered(crypto, hash, key.sign(hash).serialized)).toBe(key.publicKey);
      }),
      { seed: 5, numRuns: 100 },
    );
  });

  test('or none is, as another implementation has it, of any bytes', () => {
    let none = 0;
    fc.assert(
      fc.property(word, word, word, fc.constantFrom(27, 28), (hash, r, low, v) => {
        // Below half the order: ethers refuses the others' spelling.
        const s = Uint8Array.from(low, (byte, i) => (i === 0 ? byte & 0x3f : byte));
        const signature = `${bytesToHex(r)}${bytesToHex(s).slice(2)}${v.toString(16)}`;
        const found = recovered(crypto, bytesToHex(hash), signature);
        if (found === null) none++;
        expect(found).toBe(byEthers(bytesToHex(hash), signature));
      }),
      { seed: 6, numRuns: 200 },
    );
    // Half of all r are the x of no point.
    expect(none).toBeGreaterThan(50);
    expect(none).toBeLessThan(150);
  });
});
