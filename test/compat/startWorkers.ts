import type { CompatCoordinator } from './CompatCoordinator.ts';
import type { FrozenWorkerOptions } from './v0.1/worker.ts';

interface RunningWorker {
  /** Ends it; resolves to the rounds for which it got a receipt. */
  stop(): Promise<number[]>;
}

export interface RunningWorkers {
  readonly each: readonly RunningWorker[];
  /** Rejects when one of them fails. */
  readonly failed: Promise<never>;
  /** Ends them all. */
  stop(): Promise<number[][]>;
}

/** Frozen workers of a kept version, dialling today's coordinator. */
export async function startWorkers(
  version: string,
  coordinator: CompatCoordinator,
  slots: readonly number[],
): Promise<RunningWorkers> {
  const { runFrozenWorker }: FrozenWorker = await import(`./${version}/worker.ts`);
  const running = slots.map((of) => {
    const ended = new AbortController();
    const done = runFrozenWorker(coordinator.worker(of), ended.signal);
    done.catch(() => undefined);
    const stop = () => {
      ended.abort();
      return done;
    };
    return { stop, done };
  });
  const failed = new Promise<never>((_, reject) => {
    for (const { done } of running) done.catch(reject);
  });
  failed.catch(() => undefined);
  return { each: running, failed, stop: () => Promise.all(running.map(({ stop }) => stop())) };
}

interface FrozenWorker {
  runFrozenWorker(options: FrozenWorkerOptions, signal: AbortSignal): Promise<number[]>;
}
