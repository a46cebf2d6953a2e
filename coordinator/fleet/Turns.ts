import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Slot } from '../../core/values.ts';
import type { Clock } from '../modules.ts';

/** Keeps members from making costly calls all day long: one call of each at a time, and so many a minute. */
export class Turns {
  readonly #most: number;
  readonly #what: string;
  readonly #clock: Clock;
  readonly #busy = new Set<Slot>();
  readonly #counts = new Map<Slot, number>();
  #minute = 0;

  /**
   * @param most calls of one member within a minute
   * @param what they do, for people
   */
  constructor({ most, what }: { most: number; what: string }, clock: Clock) {
    this.#most = most;
    this.#what = what;
    this.#clock = clock;
  }

  /** @throws SyndicError TOO_MANY */
  async take<T>(slot: Slot, action: () => Promise<T>): Promise<T> {
    const minute = Math.floor(this.#clock.now() / 60);
    if (minute !== this.#minute) this.#counts.clear();
    this.#minute = minute;
    const count = (this.#counts.get(slot) ?? 0) + 1;
    if (count > this.#most || this.#busy.has(slot)) {
      throw new SyndicError('TOO_MANY', `${this.#what} more often than a worker has to: wait a minute`);
    }
    this.#counts.set(slot, count);
    this.#busy.add(slot);
    try {
      return await action();
    } finally {
      this.#busy.delete(slot);
    }
  }
}
