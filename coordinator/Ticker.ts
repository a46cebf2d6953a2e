import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './modules.ts';

/**
 * Does `work` again and again, `seconds` apart or as soon as it is asked to, until it is stopped. What `work` throws is
 * logged, and it goes on.
 */
export class Ticker {
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #early = new AbortController();

  constructor(what: string, seconds: number, work: () => Promise<void>, log: Log) {
    this.#done = this.#run(what, seconds, work, log);
  }

  /** Does it now, or once more after what is under way: there is something to do that was not there before. */
  soon(): void {
    this.#early.abort();
  }

  /** Resolves once the work under way has ended. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(what: string, seconds: number, work: () => Promise<void>, log: Log): Promise<void> {
    const { signal } = this.#stop;
    let faults = 0;
    while (!signal.aborted) {
      this.#early = new AbortController();
      try {
        await work();
        faults = 0;
      } catch (error) {
        // The first of a row only: a node that is away for an hour is one thing that happened.
        if (faults++ === 0) log.warn({ error: describe(error) }, `${what} failed; it is tried again`);
      }
      await sleep(seconds * 1000, undefined, { signal: AbortSignal.any([signal, this.#early.signal]) }).catch(
        () => undefined,
      );
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
