import { crypto } from '#crypto';
import { SyndicError } from '../errors/SyndicError.ts';
import { decodeFloats } from '../tensors/floats.ts';
import { type Header, headerLength, LENGTH_BYTES, parseHeader } from '../tensors/header.ts';
import { saltOf } from '../tensors/salt.ts';
import { sameSpecs } from '../tensors/TensorSpec.ts';
import { bytesToHex, type Digest, digest } from '../values.ts';
import { type ChunkReader, readExactly } from './ChunkReader.ts';
import { Kernel } from './Kernel.ts';
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
  const hash = crypto.sha256();
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
 * threads may each take a share: their blocks, dealt out in turn, are the same file. Each piece, and all of the memory
 * under it, is the taker's to keep.
 *
 * @throws as `aggregate`
 */
export async function* aggregateBlocks(
  job: AggregationInput,
  share: Share = { index: 0, of: 1 },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const updates = inOrder(job.updates);
  const base = await openBase(job.base);
  const starts: number[] = [];
  for (const update of updates) starts.push(await openUpdate(update, base.header));
  const total = updates.reduce((sum, update) => sum + update.weight, 0);
  if (share.index === 0) yield base.bytes;
  const block = 4 * Math.max(1, Math.floor((job.blockBytes ?? DEFAULT_BLOCK) / 4));
  const dataLength = base.header.fileLength - base.header.dataStart;
  const kernel = new Kernel(Math.min(block, dataLength));
  for (let at = share.index * block; at < dataLength; at += share.of * block) {
    const length = Math.min(block, dataLength - at);
    const fetch = (k: number): Promise<Uint8Array> =>
      readExactly(updates[k]?.read ?? job.base, (starts[k] ?? base.header.dataStart) + at, length);
    kernel.begin(length / 4);
    let pending = fetch(0);
    for (const [k, { weight }] of updates.entries()) {
      const values = await pending;
      // The next file is read while this one is added; after the last update, the base.
      pending = fetch(k + 1);
      kernel.add(values, weight);
    }
    job.strategy.serverStep(kernel.mean(total));
    const { bytes, finite } = kernel.step(await pending);
    if (!finite) throw notFinite(base.header, at, bytes);
    yield bytes;
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

async function openBase(read: ChunkReader): Promise<{ header: Header; bytes: Uint8Array<ArrayBuffer> }> {
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

async function headerBytes(read: ChunkReader): Promise<Uint8Array<ArrayBuffer>> {
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

/** @param at offset of `block`, which has an element that is not finite, in the data */
function notFinite(header: Header, at: number, block: Uint8Array): SyndicError {
  const values = decodeFloats(block);
  const first = values.findIndex((one) => !Number.isFinite(one));
  const value = values[first];
  const offset = at + 4 * first;
  const index = header.offsets.findIndex(([, end]) => offset < end);
  const tensor = header.specs[index]?.name ?? 'a tensor';
  const element = (offset - (header.offsets[index]?.[0] ?? 0)) / 4;
  return new SyndicError(
    'AGGREGATE_NOT_FINITE',
    `the aggregate of ${tensor}[${element}] is ${value}: the round fails`,
    {
      tensor,
      element,
    },
  );
}
