/** One aggregation thread: computes its share of each job, reading the store's files by itself. */
import { parentPort, workerData } from 'node:worker_threads';
import { aggregateBlocks } from '../../core/aggregate/aggregate.ts';
import { strategies } from '../../core/aggregate/strategies.ts';
import { toSyndicError } from '../../core/errors/SyndicError.ts';
import type { Digest } from '../../core/values.ts';
import { createFilesystemStore } from '../models/filesystem.ts';
import { CREDIT, type FromThread, type StoreConfig, type ToThread } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('aggregationThread.ts runs as a worker thread only');

const { dir }: StoreConfig = workerData;
const store = await createFilesystemStore({ dir });
const readerOf = (digest: Digest) => (offset: number, length: number) => store.read(digest, offset, length);
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

async function run({ job, share, blockBytes }: Extract<ToThread, { type: 'start' }>): Promise<void> {
  credit = CREDIT;
  stopped = false;
  try {
    const { strategy, base, updates } = job;
    const input = {
      strategy: strategies[strategy.name],
      base: readerOf(base),
      updates: updates.map(({ slot, weight, update }) => ({ slot, weight, read: readerOf(update) })),
      blockBytes,
    };
    for await (const bytes of aggregateBlocks(input, share)) {
      await leave();
      if (stopped) break;
      // A copy of exactly these bytes: what is sent away must be nobody else's.
      const own = new Uint8Array(bytes);
      send({ type: 'block', bytes: own }, [own.buffer]);
    }
    send({ type: 'end' });
  } catch (error) {
    const { code, message, details } = toSyndicError(error);
    send({ type: 'fault', code, message, details });
  }
}

port.on('message', (message: ToThread) => {
  if (message.type === 'start') {
    void run(message);
    return;
  }
  if (message.type === 'more') credit++;
  else stopped = true;
  refill();
});
