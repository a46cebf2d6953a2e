import { createHash } from 'node:crypto';
import { SyndicError } from '../errors/SyndicError.ts';
import { decodeFloats, encodeFloats } from '../tensors/floats.ts';
import { type Header, headerLength, LENGTH_BYTES, parseHeader } from '../tensors/header.ts';
import { saltOf } from '../tensors/salt.ts';
import { sameSpecs } from '../tensors/TensorSpec.ts';
import { bytesToHex, type Digest, digest } from '../values.ts';
import { type ChunkReader, readExactly } from './ChunkReader.ts';
import type { Strategy } from './Strategy.ts';

export interface WeighedUpdate {
  readonly slot: number;
  /** As the strategy's `weightOf` gave it. */
  readonly weight: number;
  readonly read: ChunkReader;
}

/** What is aggregated, and how. */
export interface AggregationInput {
  readonly strategy: Strategy;
  readonly base: ChunkReader;
  /** In any order; at least two, each slot once. */
  readonly updates: readonly WeighedUpdate[];
  /** Bytes of each file held at a time; the result does not depend on it. Default 256 KiB. */
  readonly blockBytes?: number;
}

export interface Aggregation extends AggregationInput {
  /** Takes the global model's bytes in order. Each chunk is its to keep. */
  readonly write: (chunk: Uint8Array) => void | Promise<void>;
}

/** A share of the work: blocks `index`, `index + of`, `index + 2·of`, … of the file's data. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

export interface Aggregate {
  /** SHA-256 of the global model's file. */
  readonly digest: Digest;
  /** Its length in bytes: the base's. */
  readonly length: number;
}

const DEFAULT_BLOCK = 256 * 1024;

/**
 * Makes the next global model of the base and its updates, streaming: a few blocks are held at a time, however large
 * the model and however many the members. For each element, in ascending slot order, in float64:
 * `acc += w_k * f64(update_k)`; then `f32(f64(base) + serverStep(acc / sum w))`. The same files and weights give the
 * same bytes whatever the block size, the order of `updates` or the machine.
 *
 * @throws SyndicError STATE_CONFLICT under two updates; TENSORS_INVALID, TENSORS_MISMATCH, LENGTH_MISMATCH or
 * SALT_MISSING when a file is not an update of this base; AGGREGATE_NOT_FINITE when an element comes out as NaN or
 * infinity. What was written by then is to be thrown away.
 */
export async function aggregate(job: Aggregation): Promise<Aggregate> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of aggregateBlocks(job)) {
    hash.update(chunk);
    length += chunk.byteLength;
    await job.write(chunk);
  }
  return { digest: digest(bytesToHex(hash.digest())), length };
}

/**
 * The global model's file in pieces: its header (with share 0), then its data, one block after the other. Several
 * threads may each take a share: their blocks, dealt out in turn, are the same file.
 *
 * @throws as `aggregate`
 */
export async function* aggregateBlocks(
  job: AggregationInput,
  share: Share = { index: 0, of: 1 },
): AsyncGenerator<Uint8Array> {
  const updates = inOrder(job.updates);
  const base = await openBase(job.base);
  const starts: number[] = [];
  for (const update of updates) starts.push(await openUpdate(update, base.header));
  const total = updates.reduce((sum, update) => sum + update.weight, 0);
  if (share.index === 0) yield base.bytes;
  const block = 4 * Math.max(1, Math.floor((job.blockBytes ?? DEFAULT_BLOCK) / 4));
  const dataLength = base.header.fileLength - base.header.dataStart;
  for (let at = share.index * block; at < dataLength; at += share.of * block) {
    const length = Math.min(block, dataLength - at);
    const mean = await weightedSum(updates, starts, at, length);
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) / total;
    job.strategy.serverStep(mean);
    const from = decodeFloats(await readExactly(job.base, base.header.dataStart + at, length));
    yield addTo(from, mean, base.header, at);
  }
}

function inOrder(updates: readonly WeighedUpdate[]): readonly WeighedUpdate[] {
  if (updates.length < 2) {
    throw new SyndicError('STATE_CONFLICT', `a round includes at least two updates; here are ${updates.length}`);
  }
  const sorted = updates.toSorted((a, b) => a.slot - b.slot);
  sorted.forEach(({ slot, weight }, i) => {
    if (slot === sorted[i + 1]?.slot) throw new RangeError(`slot ${slot} is there twice`);
    if (!Number.isFinite(weight) || weight < 0) throw new RangeError(`slot ${slot} has weight ${weight}`);
  });
  return sorted;
}

async function openBase(read: ChunkReader): Promise<{ header: Header; bytes: Uint8Array }> {
  const bytes = await headerBytes(read);
  const header = parseHeader(bytes);
  if (Object.keys(header.metadata).length > 0) {
    throw new SyndicError('TENSORS_INVALID', 'the base model has metadata: a global model has none');
  }
  await checkEnd(read, header.fileLength);
  return { header, bytes };
}

/** Where the update's data begins, once it is known to be an update of the base. */
async function openUpdate({ slot, read }: WeighedUpdate, base: Header): Promise<number> {
  const header = parseHeader(await headerBytes(read));
  saltOf(header.metadata);
  if (!sameSpecs(header.specs, base.specs)) {
    throw new SyndicError('TENSORS_MISMATCH', `the update of slot ${slot} has not the base model's tensors`, { slot });
  }
  await checkEnd(read, header.fileLength);
  return header.dataStart;
}

async function headerBytes(read: ChunkReader): Promise<Uint8Array> {
  const length = headerLength(await readExactly(read, 0, LENGTH_BYTES));
  // A copy: it is kept past the next read.
  return new Uint8Array(await readExactly(read, 0, length));
}

async function checkEnd(read: ChunkReader, fileLength: number): Promise<void> {
  const past = await read(fileLength, 1);
  if (past.byteLength > 0) {
    throw new SyndicError('LENGTH_MISMATCH', `file goes on past the ${fileLength} bytes that its header makes it`);
  }
}

/** Sum of w_k * update_k over one block; the next update is read while one is added. */
async function weightedSum(
  updates: readonly WeighedUpdate[],
  starts: readonly number[],
  at: number,
  length: number,
): Promise<Float64Array> {
  const sum = new Float64Array(length / 4);
  const fetch = (k: number): Promise<Uint8Array> | null => {
    const update = updates[k];
    return update === undefined ? null : readExactly(update.read, (starts[k] ?? 0) + at, length);
  };
  let pending = fetch(0);
  for (let k = 0; pending !== null; k++) {
    const values = decodeFloats(await pending);
    pending = fetch(k + 1);
    addWeighted(sum, values, updates[k]?.weight ?? 0);
  }
  return sum;
}

function addWeighted(sum: Float64Array, values: Float32Array, weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + weight * (values[i] ?? 0);
}

/** f32(f64(base) + step) as little-endian bytes. */
function addTo(base: Float32Array, step: Float64Array, header: Header, at: number): Uint8Array {
  for (let i = 0; i < base.length; i++) {
    const value = Math.fround((base[i] ?? 0) + (step[i] ?? 0));
    if (!Number.isFinite(value)) throw notFinite(header, at + 4 * i, value);
    base[i] = value;
  }
  const out = new Uint8Array(base.byteLength);
  encodeFloats(base, out, 0);
  return out;
}

function notFinite(header: Header, at: number, value: number): SyndicError {
  const index = header.offsets.findIndex(([, end]) => at < end);
  const tensor = header.specs[index]?.name ?? 'a tensor';
  const element = (at - (header.offsets[index]?.[0] ?? 0)) / 4;
  return new SyndicError(
    'AGGREGATE_NOT_FINITE',
    `the aggregate of ${tensor}[${element}] is ${value}: the round fails`,
    {
      tensor,
      element,
    },
  );
}
