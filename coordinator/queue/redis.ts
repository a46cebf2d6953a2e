import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type Backend, QUEUE, RETRY_MS } from './backend.ts';

export interface RedisOptions {
  readonly redisUrl: string;
  readonly namespace: string;
  readonly concurrency: number;
}

/** A Redis that does not say a word for so long is taken for one that is away. */
const SILENCE_MS = 10_000;

export function redisBackend({ redisUrl, namespace: prefix, concurrency }: RedisOptions): Backend {
  // A wake that cannot be told now is not kept for later: whoever asks must not wait for a server that is away.
  const telling = new Redis(redisUrl, {
    ...{ enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: SILENCE_MS },
  });
  // BullMQ demands `maxRetriesPerRequest: null`: a blocked pop outlives any number of reconnections.
  const taking = new Redis(redisUrl, { maxRetriesPerRequest: null, lazyConnect: true });
  return {
    jobs(onError) {
      telling.on('error', onError);
      return new Queue(QUEUE, { connection: telling, prefix }).on('error', onError);
    },
    runner(process, onError) {
      taking.on('error', onError);
      const options = { connection: taking, prefix, concurrency, runRetryDelay: RETRY_MS };
      return new Worker(QUEUE, process, options).on('error', onError);
    },
    get connected() {
      return telling.status === 'ready';
    },
    answers: () =>
      telling.ping().then(
        () => true,
        () => false,
      ),
    // Redis makes its keys as they are needed.
    mend: async () => false,
    async end() {
      telling.disconnect();
      taking.disconnect();
    },
  };
}
