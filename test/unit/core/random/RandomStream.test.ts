import { createCipheriv, createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { purposes } from '../../../../core/random/purposes.ts';
import { RandomStream } from '../../../../core/random/RandomStream.ts';
import { bytesToHex } from '../../../../core/values.ts';

/** The keystream by AES-256 in single blocks (ECB) over counters 0, 1, …: CTR without the mode. */
function keystream(seed: number, purpose: string, slot: number, round: number, blocks: number): Buffer {
  const key = createHash('sha256')
    .update(JSON.stringify([seed, purpose, slot, round]))
    .digest();
  const cipher = createCipheriv('aes-256-ecb', key, null);
  const counters = Buffer.alloc(16 * blocks);
  for (let i = 0; i < blocks; i++) counters.writeUInt32BE(i, 16 * i + 12);
  return cipher.update(counters);
}

/** The 53-bit draw number `i`, in whole-number arithmetic. */
function draw(bytes: Buffer, i: number): bigint {
  return bytes.readBigUInt64LE(8 * i) >> 11n;
}

describe('RandomStream', () => {
  test('gives the bytes that openssl gives for the same key and a zero counter', () => {
    // printf '[42,"split",3,0]' | sha256sum; openssl enc -aes-256-ctr -K … -iv 0 over zeros
    expect(bytesToHex(RandomStream.of(42, purposes.split, 3).bytes(48))).toBe(
      '0xe79e409d69f2c244f8c2c9821e3f0402d85d53a8ae56a872bb97f8efea340354f14ce629e4ee7140ac4d62371ab1844d',
    );
  });

  test('goes on through many blocks as AES over the counters does', () => {
    const expected = keystream(7, 'batches/2', 5, 0, 1000);
    expect(bytesToHex(RandomStream.of(7, purposes.batches(2), 5).bytes(16_000))).toBe(bytesToHex(expected));
  });

  test('gives the same bytes however they are asked for', () => {
    const expected = keystream(1, 'init', 0, 0, 1024);
    const sizes = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 3 });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const stream = RandomStream.of(1, purposes.init);
        const parts = lengths.map((n) => stream.bytes(n));
        const all = Buffer.concat(parts);
        expect(all.equals(expected.subarray(0, all.length))).toBe(true);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test('makes a uniform of the top 53 bits of 8 little-endian bytes, across refills and odd positions', () => {
    const stream = RandomStream.of(1, 'init');
    const expected = keystream(1, 'init', 0, 0, 2000);
    for (let i = 0; i < 3000; i++) expect(stream.uniform()).toBe(Number(draw(expected, i)) / 2 ** 53);
    const odd = RandomStream.of(1, 'init');
    odd.bytes(3);
    const shifted = expected.subarray(3);
    for (let i = 0; i < 3000; i++) expect(odd.uniform()).toBe(Number(draw(shifted, i)) / 2 ** 53);
  });

  test('takes integers below n by rejection', () => {
    const bytes = keystream(3, 'x', 1, 2, 4000);
    // Just over half of 2^53: about half of the draws are turned down.
    for (const n of [1, 2, 3, 10, 2 ** 32 + 1, 2 ** 52 + 1, Number.MAX_SAFE_INTEGER]) {
      const stream = RandomStream.of(3, 'x', 1, 2);
      const bound = (2n ** 53n / BigInt(n)) * BigInt(n);
      let at = 0;
      for (let i = 0; i < 1000; i++) {
        while (draw(bytes, at) >= bound) at++;
        expect(stream.integer(n)).toBe(Number(draw(bytes, at++) % BigInt(n)));
      }
    }
  });

  test('shuffles from the end: element i changes places with one of the first i + 1', () => {
    const draws = RandomStream.of(9, 'x');
    const expected = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (let i = 5; i >= 1; i--) {
      const j = draws.integer(i + 1);
      const [a, b] = [expected[i] ?? '', expected[j] ?? ''];
      expected[i] = b;
      expected[j] = a;
    }
    const items = ['a', 'b', 'c', 'd', 'e', 'f'];
    RandomStream.of(9, 'x').shuffle(items);
    expect(items).toEqual(expected);
    const typed = Int32Array.of(0, 1, 2, 3, 4, 5);
    RandomStream.of(9, 'x').shuffle(typed);
    expect([...typed].map((i) => 'abcdef'[i])).toEqual(expected);
  });

  test('shuffles every order equally often', () => {
    const counts = new Map<string, number>();
    const stream = RandomStream.of(1, 'x');
    for (let i = 0; i < 6000; i++) {
      const items = [0, 1, 2];
      stream.shuffle(items);
      counts.set(items.join(''), (counts.get(items.join('')) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  test('makes a normal of twelve uniforms, less six', () => {
    const uniforms = RandomStream.of(5, 'x');
    const normals = RandomStream.of(5, 'x');
    let [sum, squares] = [0, 0];
    for (let i = 0; i < 5000; i++) {
      let expected = 0;
      for (let k = 0; k < 12; k++) expected += uniforms.uniform();
      const value = normals.normal();
      expect(value).toBe(expected - 6);
      sum += value;
      squares += value * value;
    }
    expect(Math.abs(sum / 5000)).toBeLessThan(0.05);
    expect(Math.abs(squares / 5000 - 1)).toBeLessThan(0.06);
  });

  test('differs with each of seed, purpose, slot and round', () => {
    const first = [
      RandomStream.of(1, 'a'),
      RandomStream.of(2, 'a'),
      RandomStream.of(1, 'b'),
      RandomStream.of(1, 'a', 1),
      RandomStream.of(1, 'a', 0, 1),
    ].map((stream) => bytesToHex(stream.bytes(16)));
    expect(new Set(first).size).toBe(5);
  });

  test.each([[-1], [1.5], [2 ** 53], [Number.NaN]])('refuses the seed %s', (seed) => {
    expect(() => RandomStream.of(seed, 'a')).toThrow(RangeError);
  });

  test.each([[0], [-1], [1.5], [2 ** 53]])('refuses to draw below %s', (n) => {
    expect(() => RandomStream.of(1, 'a').integer(n)).toThrow(RangeError);
  });
});
