import { setTimeout as sleep } from 'node:timers/promises';
import type { SyndicError } from '../../core/errors/SyndicError.ts';
import { fromGrpcError, isGrpcStatus } from '../../proto/errors.ts';
import { type Line, openLine } from './Line.ts';
import type { SessionModules, SessionOptions } from './modules.ts';

/** The line that everything shares: opened when it is needed, dropped when it broke, opened again. */
export class Lines {
  private readonly options: SessionOptions;
  private readonly modules: SessionModules;
  private readonly greet: (line: Line) => void;
  private opening: Promise<Line> | null = null;
  private opened: Line | null = null;

  /** @param greet called with each new line */
  constructor(options: SessionOptions, modules: SessionModules, greet: (line: Line) => void = () => undefined) {
    this.options = options;
    this.modules = modules;
    this.greet = greet;
  }

  /** The open line; a new one when there is none. @throws what `openLine` throws */
  get(): Promise<Line> {
    this.opening ??= this.open();
    return this.opening;
  }

  /** The line, if one is open. */
  get current(): Line | null {
    return this.opened;
  }

  /** Forgets a line that broke, unless a newer one has taken its place. */
  drop(broken: Line): void {
    if (this.opened !== broken) return;
    this.opened = null;
    this.opening = null;
    broken.close();
  }

  /** Notes that a call on `line` failed. */
  broke(line: Line, error: SyndicError): void {
    if (error.code === 'COORDINATOR_UNAVAILABLE' || error.code === 'SESSION_EXPIRED') this.drop(line);
  }

  /** The line for a last word, if one is open or will be within the time given; one that comes later is closed. */
  async close(milliseconds: number): Promise<Line | null> {
    const opening = this.opening?.catch(() => null) ?? Promise.resolve(null);
    let late = false;
    const tooLate = sleep(milliseconds, null, { ref: false }).then(() => {
      late = true;
      return null;
    });
    void opening.then((line) => {
      if (late) line?.close();
    });
    return Promise.race([opening, tooLate]);
  }

  /** Runs `action` on the line until it succeeds, `signal` aborts, or it fails for a reason that no retry mends. */
  async attempt<T>(signal: AbortSignal, action: (line: Line, alive: () => void) => Promise<T>): Promise<T> {
    const retry = this.retry(signal);
    for (;;) {
      try {
        return await action(await retry.line(), retry.alive);
      } catch (thrown) {
        await retry.failed(thrown);
      }
    }
  }

  /** For what cannot be a function, such as a generator. */
  retry(signal: AbortSignal): Retry {
    const { least, most } = this.options.backoff ?? { least: 250, most: 30_000 };
    let wait = least;
    let line: Line | null = null;
    return {
      line: async () => {
        signal.throwIfAborted();
        line = null;
        line = await unlessAborted(this.get(), signal);
        return line;
      },
      alive: () => {
        wait = least;
      },
      failed: async (thrown) => {
        signal.throwIfAborted();
        const error = fromGrpcError(thrown);
        if (!isMendable(thrown, error)) throw error;
        if (line !== null) this.broke(line, error);
        // Half of it is chance, so that a restarted coordinator is not met by all its members at once.
        const milliseconds = wait / 2 + (wait / 2) * Math.random();
        wait = Math.min(wait * 2, most);
        this.modules.log.warn(
          { code: error.code, milliseconds: Math.round(milliseconds) },
          `${error.message}; waiting`,
        );
        await sleep(milliseconds, undefined, { signal });
      },
    };
  }

  private async open(): Promise<Line> {
    try {
      const line = await openLine(this.options, this.modules);
      this.opened = line;
      this.modules.log.info({ coordinator: this.options.identity.target }, 'logged in');
      this.greet(line);
      return line;
    } catch (error) {
      this.opening = null;
      throw error;
    }
  }
}

export interface Retry {
  line(): Promise<Line>;
  /** Something worked: the next wait is short again. */
  readonly alive: () => void;
  /** Waits before the next attempt. @throws the error when no attempt will mend it; the signal's reason once aborted */
  failed(thrown: unknown): Promise<void>;
}

/** A fault inside the coordinator may be gone after its restart; one on our side is not. */
function isMendable(thrown: unknown, error: SyndicError): boolean {
  if (error.code === 'INTERNAL') return isGrpcStatus(thrown);
  return error.retryable;
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
