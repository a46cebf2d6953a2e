import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Slot } from '../../core/values.ts';
import type { Clock } from '../modules.ts';

/** Presentations of one member within a minute: each may cost signatures to check and documents to store. */
const MOST_A_MINUTE = 30;

/** Keeps members from presenting receipts all day long: one call of each at a time, and so many a minute. */
export class Presentations {
  readonly #clock: Clock;
  readonly #busy = new Set<Slot>();
  readonly #counts = new Map<Slot, number>();
  #minute = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws SyndicError TOO_MANY */
  async take<T>(slot: Slot, action: () => Promise<T>): Promise<T> {
    const minute = Math.floor(this.#clock.now() / 60);
    if (minute !== this.#minute) this.#counts.clear();
    this.#minute = minute;
    const count = (this.#counts.get(slot) ?? 0) + 1;
    if (count > MOST_A_MINUTE || this.#busy.has(slot)) {
      throw new SyndicError('TOO_MANY', 'receipts were presented more often than a worker has to: wait a minute');
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
