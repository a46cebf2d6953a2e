import { purposes } from './purposes.ts';
import { RandomStream } from './RandomStream.ts';

/** Rows a batch, or `full`: all rows in every batch, in order. */
export type BatchSize = number | 'full';

/**
 * One site's endless sequence of shuffled epochs, cut into batches. Each epoch shuffles 0 … rows − 1 afresh with a
 * stream of its own; its last, short batch is kept. Any batch can be had at once; asking in order is cheapest.
 */
export class BatchSequence {
  private readonly seed: number;
  private readonly slot: number;
  private readonly rows: number;
  private readonly size: BatchSize;
  private epoch = -1;
  private order = new Int32Array(0);

  /** @param rows training rows of the site, 1 … 2^31 − 1 */
  constructor(seed: number, slot: number, rows: number, size: BatchSize) {
    if (!Number.isInteger(rows) || rows < 1 || rows > 0x7fff_ffff) throw new RangeError(`not a row count: ${rows}`);
    if (size !== 'full' && (!Number.isInteger(size) || size < 1)) throw new RangeError(`not a batch size: ${size}`);
    this.seed = seed;
    this.slot = slot;
    this.rows = rows;
    this.size = size;
  }

  /** Rows of batch number `t`, from 0: positions among the training rows. */
  batch(t: number): Int32Array {
    if (!Number.isSafeInteger(t) || t < 0) throw new RangeError(`not a batch number: ${t}`);
    if (this.size === 'full') return identity(this.rows);
    const perEpoch = Math.ceil(this.rows / this.size);
    const start = (t % perEpoch) * this.size;
    return this.shuffled(Math.floor(t / perEpoch)).slice(start, start + this.size);
  }

  private shuffled(epoch: number): Int32Array {
    if (epoch !== this.epoch) {
      const order = identity(this.rows);
      RandomStream.of(this.seed, purposes.batches(epoch), this.slot).shuffle(order);
      this.order = order;
      this.epoch = epoch;
    }
    return this.order;
  }
}

/**
 * Rows of batch number `t` (from 0) of the site's sequence. Step s (from 0) of round r (from 1) takes batch
 * `(r − 1) · localSteps + s`. For many batches in order keep a `BatchSequence` instead.
 */
export function batchIndices(seed: number, slot: number, rows: number, batchSize: BatchSize, t: number): Int32Array {
  return new BatchSequence(seed, slot, rows, batchSize).batch(t);
}

function identity(n: number): Int32Array<ArrayBuffer> {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  return order;
}
