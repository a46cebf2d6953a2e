/** Puts a file of so many bytes in a process of its own, reads it back, and prints what that cost; its argument is JSON. */
import { createS3Store, type S3StoreOptions } from '../../coordinator/models/s3.ts';

export interface PutOrder {
  readonly store: S3StoreOptions;
  readonly bytes: number;
}

export interface PutCost {
  readonly put: number;
  readonly read: number;
  /** Growth of the process's largest resident size. */
  readonly peakBytes: number;
}

const { store: options, bytes }: PutOrder = JSON.parse(process.argv[2] ?? '');
const CHUNK = 512 * 1024;

function* source(): Generator<Uint8Array> {
  for (let at = 0; at < bytes; at += CHUNK) {
    const chunk = Buffer.alloc(Math.min(CHUNK, bytes - at));
    chunk.writeDoubleLE(at);
    yield chunk;
  }
}

const peak = () => process.resourceUsage().maxRSS * 1024;

const store = await createS3Store(options);
const small = await store.put([new Uint8Array(CHUNK)], CHUNK);
for await (const _ of store.open(small.digest));
const before = peak();
const { digest, length } = await store.put(source(), bytes);
let read = 0;
for await (const chunk of store.open(digest)) read += chunk.byteLength;
const cost: PutCost = { put: length, read, peakBytes: peak() - before };
console.log(JSON.stringify(cost));
