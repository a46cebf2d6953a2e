import { SyndicError } from '../errors/SyndicError.ts';

/**
 * Looks for NaN and infinity in little-endian f32 data that arrives in chunks of any size. Keeps no data.
 *
 * @example
 * const scanner = new FiniteScanner();
 * for await (const chunk of data) {
 *   const bad = scanner.push(chunk);
 *   if (bad !== null) throw new Error(`element ${bad} is not finite`);
 * }
 * scanner.end();
 */
export class FiniteScanner {
  /** Bytes seen so far. */
  private seen = 0;
  /** The third byte of the element under way, when a chunk ended after it. */
  private third = 0;

  /**
   * Takes the next bytes of the data section.
   * @returns the number (from 0, in file order) of the first element that is not finite, or null
   */
  push(chunk: Uint8Array): number | null {
    const start = this.seen;
    this.seen += chunk.byteLength;
    const phase = start % 4;
    // An f32 is not finite when its 8 exponent bits are all set: the low 7 of byte 3 and the top one of byte 2.
    for (let i = 3 - phase; i < chunk.byteLength; i += 4) {
      if (((chunk[i] ?? 0) & 0x7f) !== 0x7f) continue;
      const third = i === 0 ? this.third : (chunk[i - 1] ?? 0);
      if ((third & 0x80) !== 0) return (start + i - 3) / 4;
    }
    if (chunk.byteLength > 0 && this.seen % 4 === 3) this.third = chunk[chunk.byteLength - 1] ?? 0;
    return null;
  }

  /** Elements seen in whole. */
  get elements(): number {
    return Math.floor(this.seen / 4);
  }

  /** @throws SyndicError TENSORS_INVALID when the data stopped within an element */
  end(): void {
    if (this.seen % 4 !== 0) throw new SyndicError('TENSORS_INVALID', 'tensor data ends within an element');
  }
}
