import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './modules.ts';

/** Does `work` again and again, `seconds` apart, until it is stopped. What `work` throws is logged, and it goes on. */
export class Ticker {
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(what: string, seconds: number, work: () => Promise<void>, log: Log) {
    this.#done = this.#run(what, seconds, work, log);
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
      try {
        await work();
        faults = 0;
      } catch (error) {
        // The first of a row only: a node that is away for an hour is one thing that happened.
        if (faults++ === 0) log.warn({ error: describe(error) }, `${what} failed; it is tried again`);
      }
      await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
