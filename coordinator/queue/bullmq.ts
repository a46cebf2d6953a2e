import { Queue as BullQueue, Worker as BullWorker, createPostgresBackend, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { StudyId } from '../../core/values.ts';
import type { Log } from '../modules.ts';
import { onceAtATime } from './onceAtATime.ts';
import type { Queue } from './port.ts';

export type BullmqOptions = {
  /** Keeps several deployments apart: a Redis key prefix, or a PostgreSQL schema. Default `bullmq`. */
  readonly namespace?: string;
  /** Studies advanced at once in this process. Default 8. */
  readonly concurrency?: number;
} & ({ readonly redisUrl: string } | { readonly postgresUrl: string });

interface Wake {
  readonly study: StudyId;
}

/** The parts of BullMQ's queue, worker and job that are used, alike for both backends. */
interface Jobs {
  add(name: string, data: Wake, options: JobsOptions): Promise<unknown>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}
interface Runner {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}
interface WakeJob {
  readonly data: Wake;
  removeDeduplicationKey(): Promise<boolean>;
}

const NAME = 'advance';
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

/**
 * The queue over BullMQ 6, on Redis through ioredis, or on PostgreSQL. Connections are made at once.
 *
 * @throws SyndicError DEPENDENCY_UNAVAILABLE when the server does not answer
 */
export async function createBullmqQueue(options: BullmqOptions, { log }: { log: Log }): Promise<Queue> {
  const backend = 'redisUrl' in options ? redisBackend(options) : postgresBackend(options);
  const onError = (error: Error) => log.warn({ error: error.message }, 'queue connection failed; it is tried again');
  const jobs = backend.jobs(onError);
  try {
    await jobs.waitUntilReady();
  } catch (cause) {
    await backend.end();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyndicError('DEPENDENCY_UNAVAILABLE', `the queue's server does not answer: ${reason}`, {}, { cause });
  }
  return new BullmqQueue(jobs, backend, onError, log);
}

class BullmqQueue implements Queue {
  readonly #jobs: Jobs;
  readonly #backend: Backend;
  readonly #onError: (error: Error) => void;
  readonly #log: Log;
  readonly #failures = new Map<StudyId, number>();
  #runner: Runner | null = null;

  constructor(jobs: Jobs, backend: Backend, onError: (error: Error) => void, log: Log) {
    this.#jobs = jobs;
    this.#backend = backend;
    this.#onError = onError;
    this.#log = log;
  }

  async wake(study: StudyId, delaySeconds = 0): Promise<void> {
    if (delaySeconds <= 0) {
      await this.#jobs.add(NAME, { study }, { deduplication: { id: study, ttl: WAITING_MS }, ...FORGET });
      return;
    }
    const now = Date.now();
    const delay = delaySeconds * 1000;
    const step = Math.min(Math.max(Math.ceil(delay), STEP_MS.least), STEP_MS.most);
    // The step after the due time's: a job of an earlier step that runs right now never stands for this one.
    const number = Math.floor((now + delay) / step) + 1;
    const jobId = `${study}-${step}-${number}`;
    await this.#jobs.add(NAME, { study }, { jobId, delay: number * step - now, ...FORGET });
  }

  async start(handler: (study: StudyId) => Promise<void>): Promise<void> {
    const run = onceAtATime((study: StudyId) => this.#attempt(study, handler));
    this.#runner = this.#backend.runner(async (job) => {
      await job.removeDeduplicationKey();
      await run(job.data.study);
    }, this.#onError);
    await this.#runner.waitUntilReady();
  }

  async close(): Promise<void> {
    await this.#runner?.close();
    await this.#jobs.close();
    await this.#backend.end();
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
}

const FORGET = { removeOnComplete: true, removeOnFail: true } as const;

interface Backend {
  jobs(onError: (error: Error) => void): Jobs;
  runner(process: (job: WakeJob) => Promise<void>, onError: (error: Error) => void): Runner;
  /** Frees what closing queue and worker leaves open. */
  end(): Promise<void>;
}

function redisBackend({
  redisUrl,
  namespace = 'bullmq',
  concurrency = 8,
}: BullmqOptions & { redisUrl: string }): Backend {
  // BullMQ demands `maxRetriesPerRequest: null`: a blocked pop outlives any number of reconnections.
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const shared = { connection, prefix: namespace };
  return {
    jobs(onError) {
      connection.on('error', onError);
      return new BullQueue(NAME, shared).on('error', onError);
    },
    runner: (process, onError) => new BullWorker(NAME, process, { ...shared, concurrency }).on('error', onError),
    end: async () => void (await connection.quit().catch(() => connection.disconnect())),
  };
}

function postgresBackend({
  postgresUrl,
  namespace = 'bullmq',
  concurrency = 8,
}: BullmqOptions & { postgresUrl: string }): Backend {
  const shared = { connection: { connectionString: postgresUrl, schema: namespace, migrate: true, max: 4 } };
  return {
    jobs: (onError) => new BullQueue(NAME, shared, createPostgresBackend).on('error', onError),
    runner: (process, onError) =>
      new BullWorker(NAME, process, { ...shared, concurrency }, createPostgresBackend).on('error', onError),
    end: async () => {},
  };
}
