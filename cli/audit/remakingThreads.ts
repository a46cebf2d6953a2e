import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Remade, RemakeJob, Remaking } from '../../audit/remake.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Place } from './options.ts';
import type { Answer, Asked } from './remakingThread.ts';

/** Runs `work` with threads that make models anew of the same places' files; they end with it. */
export async function inThreads<T>(places: readonly Place[], work: (remaking: Remaking) => Promise<T>): Promise<T> {
  const threads: Thread[] = [];
  const most = availableParallelism();
  try {
    return await work((job) => {
      const idle = threads.find(({ waiting }) => waiting === 0);
      if (idle !== undefined) return idle.remake(job);
      if (threads.length < most) threads.push(new Thread(places));
      const [first, ...others] = threads.toReversed();
      if (first === undefined) throw new RangeError('there is a thread');
      return others.reduce((least, one) => (one.waiting < least.waiting ? one : least), first).remake(job);
    });
  } finally {
    for (const thread of threads) await thread.end();
  }
}

interface Waiting {
  readonly resolve: (remade: Remade) => void;
  readonly reject: (error: Error) => void;
}

class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #death: Error | null = null;

  constructor(places: readonly Place[]) {
    const workerData = places.map(({ place }) => place);
    this.#worker = new Worker(join(import.meta.dirname, 'remakingThread.ts'), { workerData });
    this.#worker.on('message', (answer: Answer) => this.#take(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('a thread that makes models ended')));
  }

  /** Jobs that it has not answered. */
  get waiting(): number {
    return this.#waiting.size;
  }

  remake(job: RemakeJob): Promise<Remade> {
    // It would never answer.
    if (this.#death !== null) return Promise.reject(this.#death);
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, job } satisfies Asked);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('remade' in answer) waiting?.resolve(answer.remade);
    else waiting?.reject(new SyndicError(answer.fault.code, answer.fault.message, answer.fault.details));
  }

  #fail(error: Error): void {
    this.#death ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#death);
    this.#waiting.clear();
  }
}
