/** One thread that makes models: its share of each aggregation, reading the store's files by itself; initial ones. */
import { parentPort, workerData } from 'node:worker_threads';
import { aggregateBlocks, type WeighedUpdate } from '../../core/aggregate/aggregate.ts';
import type { ChunkReader } from '../../core/aggregate/ChunkReader.ts';
import { strategies } from '../../core/aggregate/strategies.ts';
import { toSyndicError } from '../../core/errors/SyndicError.ts';
import { initialModelPieces } from '../../core/model/initialModel.ts';
import type { Digest } from '../../core/values.ts';
import { openStore, type StoreConfig } from '../models/openStore.ts';
import type { StoredReader } from '../models/port.ts';
import { CREDIT, type FromThread, type ToThread } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('aggregationThread.ts runs as a worker thread only');

const config: StoreConfig = workerData;
const store = await openStore(config);
const send = (message: FromThread, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

let credit = 0;
let stopped = false;
let refill: () => void = () => {};

async function leave(): Promise<void> {
  while (credit === 0 && !stopped) {
    await new Promise<void>((resolve) => {
      refill = resolve;
    });
  }
  credit--;
}

async function run(blocks: AsyncIterable<Uint8Array<ArrayBuffer>> | Iterable<Uint8Array<ArrayBuffer>>): Promise<void> {
  credit = CREDIT;
  stopped = false;
  try {
    for await (const bytes of blocks) {
      await leave();
      if (stopped) break;
      send({ type: 'block', bytes }, [bytes.buffer]);
    }
    send({ type: 'end' });
  } catch (error) {
    const { code, message, details } = toSyndicError(error);
    send({ type: 'fault', code, message, details });
  }
}

async function* shareOf({ job, share, blockBytes }: Extract<ToThread, { type: 'start' }>) {
  const opened: StoredReader[] = [];
  // Two for all files: memory does not grow with their number.
  let [buffer, other] = [new Uint8Array(blockBytes), new Uint8Array(blockBytes)];
  const nextBuffer = (length: number): Uint8Array => {
    [buffer, other] = [other, buffer];
    if (buffer.byteLength < length) buffer = new Uint8Array(length);
    return buffer.subarray(0, length);
  };
  const readerOf = async (digest: Digest): Promise<ChunkReader> => {
    const reader = await store.reader(digest);
    opened.push(reader);
    return (offset, length) => reader.read(offset, nextBuffer(length));
  };
  try {
    const { strategy, base } = job;
    const updates: WeighedUpdate[] = [];
    for (const { slot, weight, update } of job.updates) updates.push({ slot, weight, read: await readerOf(update) });
    const input = { strategy: strategies[strategy.name], base: await readerOf(base), updates, blockBytes };
    yield* aggregateBlocks(input, share);
  } finally {
    for (const reader of opened) await reader.close();
  }
}

port.on('message', (message: ToThread) => {
  if (message.type === 'start') return void run(shareOf(message));
  if (message.type === 'initial') return void run(initialModelPieces(message.plan));
  if (message.type === 'more') credit++;
  else stopped = true;
  refill();
});
