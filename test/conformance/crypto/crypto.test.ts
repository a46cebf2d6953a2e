import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crypto as noble } from '../../../core/crypto/noble.ts';
import { crypto as node } from '../../../core/crypto/node.ts';
import type { Crypto } from '../../../core/crypto/port.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../../../core/values.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

function hashOf({ sha256 }: Crypto, pieces: readonly Uint8Array[]): string {
  const hash = sha256();
  for (const piece of pieces) hash.update(piece);
  return bytesToHex(hash.digest());
}

/** The keystream in runs of so many blocks. */
function streamOf({ aes256Ctr }: Crypto, key: Uint8Array, runs: readonly number[]): string {
  const stream = aes256Ctr(key);
  return bytesToHex(concatBytes(runs.map((count) => stream.blocks(count))));
}

describe.each<[string, Crypto]>([
  ['node:crypto', node],
  ['noble', noble],
])('%s', (_, crypto) => {
  // NIST's examples of FIPS 180-4, and its CAVP's SHA256ShortMsg for the empty one.
  test.each([
    ['', '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', '0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '0x248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), '0xcdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('hashes as FIPS 180-4 has it', (message, digest) => {
    expect(hashOf(crypto, [ascii(message)])).toBe(digest);
  });

  test('hashes the same in whatever pieces', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, (some) => {
        expect(hashOf(crypto, some)).toBe(hashOf(crypto, [concatBytes(some)]));
      }),
      { seed: 14, numRuns: 200 },
    );
  });

  // AES-256 of a block of zeros; the second key is the first of VarKey in NIST's known answers (AESAVS, appendix E).
  test.each([
    ['00', '0xdc95c078a2408989ad48a21492842087'],
    ['80', '0xe35a6dcb19b201a01ebcfa8aa22b5759'],
  ])('begins the keystream as AES-256 of a zero block, key %s00…', (first, block) => {
    const key = hexToBytes(`0x${first}${'00'.repeat(31)}`);
    expect(streamOf(crypto, key, [1])).toBe(block);
  });

  test('gives the same keystream in whatever runs', () => {
    const runs = fc.array(fc.nat({ max: 40 }), { maxLength: 6 });
    const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(keys, runs, (key, some) => {
        const total = some.reduce((sum, count) => sum + count, 0);
        expect(streamOf(crypto, key, some)).toBe(streamOf(crypto, key, [total]));
      }),
      { seed: 14, numRuns: 100 },
    );
  });

  test('wants a key of 32 bytes', () => {
    for (const length of [0, 16, 24, 31, 33]) {
      expect(() => crypto.aes256Ctr(new Uint8Array(length))).toThrow();
    }
  });
});

test('both give the same hashes and the same keystream', () => {
  const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(keys, fc.uint8Array({ maxLength: 2000 }), fc.nat({ max: 600 }), (key, message, count) => {
      expect(hashOf(noble, [message])).toBe(hashOf(node, [message]));
      expect(streamOf(noble, key, [count, 1])).toBe(streamOf(node, key, [count, 1]));
    }),
    { seed: 14, numRuns: 100 },
  );
});
