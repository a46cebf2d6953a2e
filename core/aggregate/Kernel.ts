import { base64ToBytes } from '../values.ts';
import { KERNEL_CODE } from './kernelCode.ts';

// Node's types leave it out, and those of browsers would bring all the rest of a browser along.
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Exports {
  accumulate(x: number, sum: number, n: number, weight: number): void;
  divide(sum: number, n: number, divisor: number): void;
  step(x: number, sum: number, n: number): number;
}

const PAGE_BYTES = 65_536;
/** Elements that the loops take at a time. */
const LANES = 4;

let compiled: object | null = null;

/** One module for all kernels of a thread. */
function kernelModule(): object {
  compiled ??= new WebAssembly.Module(base64ToBytes(KERNEL_CODE));
  return compiled;
}

/**
 * A weighted sum over one block of elements at a time, in float64, in WebAssembly with SIMD. Operations are rounded
 * once, in the order in which they are asked for: the same bytes as plain loops give.
 */
export class Kernel {
  private readonly exports: Exports;
  private readonly memory: { readonly buffer: ArrayBuffer };
  /** Where the sum begins, behind one block of float32. */
  private readonly sumAt: number;
  private elements = 0;

  /** @param blockBytes the most bytes of float32 that a block has */
  constructor(blockBytes: number) {
    const padded = Math.ceil(blockBytes / (4 * LANES)) * 4 * LANES;
    const pages = Math.ceil((3 * padded) / PAGE_BYTES);
    this.sumAt = padded;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(kernelModule(), { env: { memory: this.memory } });
    this.exports = exports as Exports;
  }

  /** Begins a block of so many elements: their sum is zero. */
  begin(elements: number): void {
    this.elements = elements;
    new Float64Array(this.memory.buffer, this.sumAt, this.padded).fill(0);
  }

  /** sum += weight · f64(values), `values` being little-endian float32 at any alignment. */
  add(values: Uint8Array, weight: number): void {
    this.load(values);
    this.exports.accumulate(0, this.sumAt, this.padded, weight);
  }

  /** Divides the sum. @returns it, to be changed in place until the next call */
  mean(divisor: number): Float64Array {
    this.exports.divide(this.sumAt, this.padded, divisor);
    return new Float64Array(this.memory.buffer, this.sumAt, this.elements);
  }

  /**
   * f32(f64(base) + sum) as little-endian float32.
   *
   * @returns bytes of its own, and whether every element is a number that is not infinite
   */
  step(base: Uint8Array): { bytes: Uint8Array<ArrayBuffer>; finite: boolean } {
    this.load(base);
    const odd = this.exports.step(0, this.sumAt, this.padded);
    return { bytes: new Uint8Array(this.memory.buffer, 0, 4 * this.elements).slice(), finite: odd === 0 };
  }

  private get padded(): number {
    return Math.ceil(this.elements / LANES) * LANES;
  }

  private load(values: Uint8Array): void {
    const block = new Uint8Array(this.memory.buffer, 0, 4 * this.padded);
    block.set(values);
    // What an earlier block left behind the last element would be summed up, and might not be finite.
    block.fill(0, 4 * this.elements);
  }
}
