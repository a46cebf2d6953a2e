import { SHARE_ENV, Worker } from 'node:worker_threads';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { MetricSet } from '../../core/manifest/Report.ts';
import type { Loaded } from './backends.ts';
import type { Reply, Request, ThreadOptions } from './messages.ts';
import type { EvaluationJob, Trainer, TrainingJob, TrainingOptions, TrainingResult } from './port.ts';

/** What a request's last reply is; progress comes before it. */
type Outcome = Exclude<Reply, { kind: 'progress' | 'loaded' }>;

export interface TrainerOptions extends ThreadOptions {
  /** Told what computes whenever a thread has started. */
  readonly onLoaded?: (loaded: Loaded) => void;
}

/**
 * TensorFlow.js in a thread of its own, so that the caller goes on answering (heartbeats, cancelling) while it
 * computes. The thread starts with the first job, is kept for the next (loading TensorFlow takes longer than a small
 * round), never keeps the process alive when idle, and is ended when a job is cancelled.
 *
 * @example
 * const trainer = new TfjsTrainer({ backend: 'auto' });
 * const { local } = await trainer.train({ plan, slot, round, baseModel, data }, { signal });
 */
export class TfjsTrainer implements Trainer {
  private readonly options: ThreadOptions;
  private readonly onLoaded: TrainerOptions['onLoaded'];
  private readonly closing = new AbortController();
  private thread: Worker | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor({ onLoaded, ...options }: TrainerOptions) {
    this.options = options;
    this.onLoaded = onLoaded;
  }

  async train(job: TrainingJob, options: TrainingOptions = {}): Promise<TrainingResult> {
    const { train, test, features } = job.data;
    const request: Request = { kind: 'train', job: { ...job, data: { train, test, features } } };
    const outcome = await this.enqueue(request, options);
    if (outcome.kind !== 'trained') throw unexpected(outcome);
    return outcome.result;
  }

  async evaluate(job: EvaluationJob, options: Pick<TrainingOptions, 'signal'> = {}): Promise<MetricSet> {
    const { train, test, features } = job.data;
    const request: Request = { kind: 'evaluate', job: { ...job, data: { train, test, features } } };
    const outcome = await this.enqueue(request, options);
    if (outcome.kind !== 'evaluated') throw unexpected(outcome);
    return outcome.metrics;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.last;
    await this.endThread();
  }

  private enqueue(request: Request, options: TrainingOptions): Promise<Outcome> {
    const signals = options.signal === undefined ? [this.closing.signal] : [this.closing.signal, options.signal];
    const signal = AbortSignal.any(signals);
    const result = this.last.then(() => this.run(request, signal, options.onProgress));
    this.last = result.catch(() => undefined);
    return result;
  }

  private async run(
    request: Request,
    signal: AbortSignal,
    onProgress: TrainingOptions['onProgress'],
  ): Promise<Outcome> {
    if (signal.aborted) throw cancelled();
    this.thread ??= this.startThread();
    const thread = this.thread;
    thread.ref();
    try {
      return await converse(thread, request, signal, onProgress);
    } catch (error) {
      // Cancelled in the middle of its work, or dead: either way this thread answers nobody any more.
      if (error instanceof ThreadGone) await this.endThread();
      throw error instanceof ThreadGone ? error.reason : error;
    } finally {
      thread.unref();
    }
  }

  private startThread(): Worker {
    const thread = new Worker(new URL('./trainingThread.ts', import.meta.url), {
      workerData: this.options,
      // What the thread sets for TensorFlow must reach the library, which reads the process's own environment.
      env: SHARE_ENV,
      // tfjs-node uses util.isNullOrUndefined, and Node would say so in the log.
      execArgv: [...process.execArgv, '--disable-warning=DEP0051'],
    });
    thread.on('message', (reply: Reply) => {
      if (reply.kind === 'loaded') this.onLoaded?.(reply.loaded);
    });
    // A thread that dies is not asked again; whoever waits for it hears of it in `converse`.
    const forget = (): void => {
      if (this.thread === thread) this.thread = null;
    };
    thread.on('error', forget).on('exit', forget);
    return thread;
  }

  private async endThread(): Promise<void> {
    const thread = this.thread;
    this.thread = null;
    await thread?.terminate();
  }
}

/** The thread is lost to further work; `reason` is what the caller gets. */
class ThreadGone extends Error {
  readonly reason: SyndicError;

  constructor(reason: SyndicError) {
    super(reason.message);
    this.reason = reason;
  }
}

function converse(
  thread: Worker,
  request: Request,
  signal: AbortSignal,
  onProgress: TrainingOptions['onProgress'],
): Promise<Outcome> {
  const done = new AbortController();
  return new Promise<Outcome>((resolve, reject) => {
    const gone = (reason: SyndicError): void => reject(new ThreadGone(reason));
    const onMessage = (reply: Reply): void => {
      if (reply.kind === 'loaded') return;
      if (reply.kind === 'progress') onProgress?.(reply.step, reply.total);
      else if (reply.kind === 'failed') reject(new SyndicError(reply.code, reply.message, reply.details));
      else resolve(reply);
    };
    const onError = (cause: unknown): void => gone(died(String(cause), cause));
    const onExit = (code: number): void => gone(died(`exit code ${code}`));
    thread.on('message', onMessage).on('error', onError).on('exit', onExit);
    done.signal.addEventListener('abort', () => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit);
    });
    signal.addEventListener('abort', () => gone(cancelled()), { signal: done.signal });
    thread.postMessage(request);
  }).finally(() => done.abort());
}

function cancelled(): SyndicError {
  return new SyndicError('CANCELLED', 'training was cancelled; nothing of it is kept');
}

function died(how: string, cause?: unknown): SyndicError {
  return new SyndicError(
    'TRAINING_FAILED',
    `the training thread ended by itself (${how}); it may have run out of memory: try again`,
    {},
    { cause },
  );
}

function unexpected(outcome: Outcome): SyndicError {
  return new SyndicError('INTERNAL', `the training thread answered "${outcome.kind}" to something else`);
}
