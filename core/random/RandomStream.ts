import { crypto } from '#crypto';
import { canonicalBytes } from '../canonicalJson.ts';
import type { Keystream } from '../crypto/port.ts';

/** Of 16 bytes each: 4 KiB. */
const REFILL_BLOCKS = 256;
const TWO_53 = 2 ** 53;

/** An array whose elements can be exchanged: a plain array or a typed one. */
interface Exchangeable<T> {
  readonly length: number;
  [index: number]: T;
}

/**
 * A seeded stream of bytes and what is drawn from it: the same on every machine, in every language. **Never for
 * secrets**: whoever knows the plan knows every byte.
 *
 * The bytes are the AES-256-CTR keystream (NIST SP 800-38A) from a zero counter block under the key
 * SHA-256(RFC 8785 array `[seed, purpose, slot, round]`). Draws take the next bytes in order; nothing is aligned.
 *
 * @example
 * const stream = RandomStream.of(42, purposes.split, 3);
 * const order = Int32Array.from({ length: 303 }, (_, i) => i);
 * stream.shuffle(order);
 */
export class RandomStream {
  private readonly keystream: Keystream;
  private buffer: Uint8Array = new Uint8Array();
  private view = new DataView(this.buffer.buffer);
  private at = 0;

  private constructor(key: Uint8Array) {
    this.keystream = crypto.aes256Ctr(key);
  }

  /**
   * @param seed the plan's seed, a whole number 0 … 2^53 − 1
   * @param purpose see `purposes`
   * @param slot the member's slot, 0 where none applies
   * @param round the round, 0 where none applies
   */
  static of(seed: number, purpose: string, slot = 0, round = 0): RandomStream {
    for (const [name, value] of Object.entries({ seed, slot, round })) {
      if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} is not a whole number: ${value}`);
    }
    const hash = crypto.sha256();
    hash.update(canonicalBytes([seed, purpose, slot, round]));
    return new RandomStream(hash.digest());
  }

  /** The next `n` bytes. */
  bytes(n: number): Uint8Array {
    const out = new Uint8Array(n);
    let filled = 0;
    while (filled < n) {
      if (this.at === this.buffer.length) this.refill();
      const taken = Math.min(n - filled, this.buffer.length - this.at);
      out.set(this.buffer.subarray(this.at, this.at + taken), filled);
      this.at += taken;
      filled += taken;
    }
    return out;
  }

  /** A number in [0, 1): the top 53 bits of the next 8 bytes, little-endian, over 2^53. */
  uniform(): number {
    return this.draw53() / TWO_53;
  }

  /**
   * A whole number in [0, n), each equally likely. Takes a 53-bit draw x as `uniform` does, draws again while
   * x ≥ floor(2^53 / n) · n, and returns x mod n.
   */
  integer(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) throw new RangeError(`not a positive whole number: ${n}`);
    const bound = TWO_53 - (TWO_53 % n);
    let x = this.draw53();
    while (x >= bound) x = this.draw53();
    return x % n;
  }

  /** Fisher–Yates from the end, in place: for i = length − 1 … 1, exchange i with `integer(i + 1)`. */
  shuffle<T>(items: Exchangeable<T>): void {
    for (let i = items.length - 1; i >= 1; i--) {
      const j = this.integer(i + 1);
      // Both positions are inside the array: i counts down from its end and j ≤ i.
      const held = items[i] as T;
      items[i] = items[j] as T;
      items[j] = held;
    }
  }

  /** About N(0, 1), within ±6: the sum of twelve uniforms in the order drawn, minus six (Irwin–Hall). */
  normal(): number {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += this.uniform();
    return sum - 6;
  }

  private draw53(): number {
    if (this.buffer.length - this.at < 8) return top53(new DataView(this.bytes(8).buffer), 0);
    const x = top53(this.view, this.at);
    this.at += 8;
    return x;
  }

  private refill(): void {
    this.buffer = this.keystream.blocks(REFILL_BLOCKS);
    this.view = new DataView(this.buffer.buffer, this.buffer.byteOffset, this.buffer.byteLength);
    this.at = 0;
  }
}

/** The top 53 bits of the 8 little-endian bytes at `at`: the high 32 bits and the upper 21 of the low 32. */
function top53(from: DataView, at: number): number {
  return from.getUint32(at + 4, true) * 2 ** 21 + (from.getUint32(at, true) >>> 11);
}
