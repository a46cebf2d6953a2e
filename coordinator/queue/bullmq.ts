import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { StudyId } from '../../core/values.ts';
import type { Log } from '../modules.ts';
import { type Backend, type Jobs, QUEUE, RETRY_MS, type Runner } from './backend.ts';
import { onceAtATime } from './onceAtATime.ts';
import type { Queue } from './port.ts';
import { postgresBackend } from './postgres.ts';
import { redisBackend } from './redis.ts';

export type BullmqOptions = {
  /** Keeps several deployments apart: a Redis key prefix, or a PostgreSQL schema. Default `bullmq`. */
  readonly namespace?: string;
  /** Studies advanced at once in this process. Default 8. */
  readonly concurrency?: number;
} & ({ readonly redisUrl: string } | { readonly postgresUrl: string });

/**
 * Delayed wakes that fall into one step of time are one job. A step is as long as the delay, within these bounds: who
 * looks every second then has one job waiting, and a deadline is met to the second.
 */
const STEP_MS = { least: 250, most: 1_000 };
/**
 * How long a waiting job keeps others away, should its process be killed between taking the job and saying so. The
 * key goes as soon as the job starts: from then on a wake is news.
 */
const WAITING_MS = 5_000;
const LONGEST_RETRY_SECONDS = 30;
const CONNECT_MS = 10_000;
const FORGET = { removeOnComplete: true, removeOnFail: true } as const;

/**
 * The queue over BullMQ 6, on Redis through ioredis, or on PostgreSQL. Connections are made at once. A server that is
 * away later, or comes back with nothing, costs the wakes of that time.
 *
 * @throws SyndicError DEPENDENCY_UNAVAILABLE when the server does not answer
 */
export async function createBullmqQueue(options: BullmqOptions, { log }: { log: Log }): Promise<Queue> {
  const common = { namespace: 'bullmq', concurrency: 8, ...options };
  const backend = 'redisUrl' in common ? redisBackend(common) : postgresBackend(common);
  const queue = new BullmqQueue(backend, log);
  await queue.connect();
  return queue;
}

class BullmqQueue implements Queue {
  readonly #backend: Backend;
  readonly #log: Log;
  readonly #jobs: Jobs;
  readonly #failures = new Map<StudyId, number>();
  readonly #running = new Set<Promise<void>>();
  #runner: Runner | null = null;
  /** What went wrong last; null once something went right. */
  #fault: string | null = null;

  constructor(backend: Backend, log: Log) {
    this.#backend = backend;
    this.#log = log;
    this.#jobs = backend.jobs(this.#onError);
  }

  async connect(): Promise<void> {
    try {
      await within(CONNECT_MS, this.#jobs.waitUntilReady());
    } catch (cause) {
      await this.#backend.end();
      throw new SyndicError(
        'DEPENDENCY_UNAVAILABLE',
        `the queue's server does not answer: ${describe(cause)}`,
        {},
        { cause },
      );
    }
  }

  async wake(study: StudyId, delaySeconds = 0): Promise<void> {
    try {
      await this.#add(study, delaySeconds);
    } catch (error) {
      this.#warn(error, 'the queue takes no wakes; every study is woken again once it does');
      return;
    }
    if (this.#fault !== null) this.#log.info({}, 'the queue takes wakes again');
    this.#fault = null;
  }

  async start(handler: (study: StudyId) => Promise<void>): Promise<void> {
    const run = onceAtATime((study: StudyId) => this.#attempt(study, handler));
    this.#runner = this.#backend.runner(async (job) => {
      await job.removeDeduplicationKey();
      const running = run(job.data.study);
      this.#running.add(running);
      await running.finally(() => this.#running.delete(running));
    }, this.#onError);
    await this.#runner.waitUntilReady();
  }

  async close(): Promise<void> {
    // A server that is away cannot be told of what has ended, and is not waited for: what runs is.
    if (await this.#backend.answers()) {
      const calmly = this.#closeCalmly();
      while (!(await settles(calmly, RETRY_MS)) && this.#backend.connected);
      await Promise.allSettled(this.#running);
    } else {
      await Promise.allSettled(this.#running);
      await this.#runner?.close(true);
    }
    await this.#backend.end();
  }

  async #closeCalmly(): Promise<void> {
    await this.#runner?.close();
    await this.#jobs.close();
  }

  async #add(study: StudyId, delaySeconds: number): Promise<void> {
    const began = Date.now();
    try {
      await this.#addOnce(study, delaySeconds);
    } catch (error) {
      if (!(await this.#backend.mend(error, began))) throw error;
      await this.#addOnce(study, delaySeconds);
    }
  }

  async #addOnce(study: StudyId, delaySeconds: number): Promise<void> {
    if (delaySeconds <= 0) {
      await this.#jobs.add(QUEUE, { study }, { deduplication: { id: study, ttl: WAITING_MS }, ...FORGET });
      return;
    }
    const now = Date.now();
    const delay = delaySeconds * 1000;
    const step = Math.min(Math.max(Math.ceil(delay), STEP_MS.least), STEP_MS.most);
    // The step after the due time's: a job of an earlier step that runs right now never stands for this one.
    const number = Math.floor((now + delay) / step) + 1;
    const jobId = `${study}-${step}-${number}`;
    await this.#jobs.add(QUEUE, { study }, { jobId, delay: number * step - now, ...FORGET });
  }

  /** A failed run is tried again later, ever more slowly; the job itself is done either way. */
  async #attempt(study: StudyId, handler: (study: StudyId) => Promise<void>): Promise<void> {
    try {
      await handler(study);
      this.#failures.delete(study);
    } catch (error) {
      const failures = (this.#failures.get(study) ?? 0) + 1;
      this.#failures.set(study, failures);
      const seconds = Math.min(2 ** (failures - 1), LONGEST_RETRY_SECONDS);
      this.#log.error({ study, error, failures, seconds }, 'advancing a study failed; it is tried again');
      await this.wake(study, seconds);
    }
  }

  readonly #onError = (error: Error): void => {
    this.#warn(error, 'the queue’s connection failed; it is tried again');
    // The worker waits as long as this between two tries: what it says now is of what was there before that.
    this.#backend
      .mend(error, Date.now() - RETRY_MS)
      .catch((cause: unknown) => this.#warn(cause, 'mending the queue failed'));
  };

  /** Once for each fault in a row: a server that is away for an hour is one thing that happened. */
  #warn(error: unknown, message: string): void {
    const fault = describe(error);
    if (fault !== this.#fault) this.#log.warn({ error: fault }, message);
    this.#fault = fault;
  }
}

/** Whether it is over, one way or the other, within so many milliseconds. */
async function settles(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return within(
    milliseconds,
    work.then(
      () => true,
      () => true,
    ),
  ).catch(() => false);
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
