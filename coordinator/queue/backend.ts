import type { JobsOptions } from 'bullmq';
import type { StudyId } from '../../core/values.ts';

export interface Wake {
  readonly study: StudyId;
}

/** The parts of BullMQ's queue, worker and job that are used, alike on every server. */
export interface Jobs {
  add(name: string, data: Wake, options: JobsOptions): Promise<unknown>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Runner {
  waitUntilReady(): Promise<unknown>;
  /** Waits for the jobs that run, and for the server to be told of their end; not so when forced. */
  close(force?: boolean): Promise<void>;
}

export interface WakeJob {
  readonly data: Wake;
  removeDeduplicationKey(): Promise<boolean>;
}

/** BullMQ on one kind of server. */
export interface Backend {
  jobs(onError: (error: Error) => void): Jobs;
  runner(process: (job: WakeJob) => Promise<void>, onError: (error: Error) => void): Runner;
  /** Whether the server can be spoken to now, as far as is known without asking. */
  readonly connected: boolean;
  /** Whether it answers when it is asked. */
  answers(): Promise<boolean>;
  /**
   * Makes anew what somebody has dropped, if that is what an error tells of.
   * @param began when the action began that failed, in milliseconds
   * @returns whether the action may be tried again
   */
  mend(error: unknown, began: number): Promise<boolean>;
  /** Frees what closing queue and worker leaves open. */
  end(): Promise<void>;
}

/** BullMQ's name of the queue. */
export const QUEUE = 'advance';

/** Milliseconds after which a worker tries again what the server did not do. */
export const RETRY_MS = 1_000;
