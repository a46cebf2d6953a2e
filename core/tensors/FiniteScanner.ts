import { SyndicError } from '../errors/SyndicError.ts';
import { firstNotFiniteIn } from './floats.ts';

/** Bytes of an element. */
const ELEMENT = 4;

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
  /** The bytes of the element that a chunk ended within. */
  private readonly cut = new Uint8Array(ELEMENT);

  /**
   * Takes the next bytes of the data section.
   * @returns the number (from 0, in file order) of the first element that is not finite, or null
   */
  push(chunk: Uint8Array): number | null {
    const held = this.seen % ELEMENT;
    const rest = held === 0 ? 0 : Math.min(ELEMENT - held, chunk.byteLength);
    this.cut.set(chunk.subarray(0, rest), held);
    const first = this.elements;
    this.seen += chunk.byteLength;
    if (held + rest === ELEMENT && firstNotFiniteIn(this.cut) !== null) return first;
    const whole = chunk.subarray(rest, rest + ELEMENT * Math.floor((chunk.byteLength - rest) / ELEMENT));
    this.cut.set(chunk.subarray(rest + whole.byteLength));
    const found = firstNotFiniteIn(whole);
    return found === null ? null : first + (held === 0 ? 0 : 1) + found;
  }

  /** Elements seen in whole. */
  get elements(): number {
    return Math.floor(this.seen / ELEMENT);
  }

  /** @throws SyndicError TENSORS_INVALID when the data stopped within an element */
  end(): void {
    if (this.seen % ELEMENT !== 0) throw new SyndicError('TENSORS_INVALID', 'tensor data ends within an element');
  }
}
