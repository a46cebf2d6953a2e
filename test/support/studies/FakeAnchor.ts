import { insertMessage, statusOf } from '../../../coordinator/anchor/outbox.sql.ts';
import type { Anchor } from '../../../coordinator/anchor/port.ts';
import type { Database } from '../../../coordinator/db/connect.ts';
import type { Clock } from '../../../coordinator/modules.ts';
import { sha256 } from '../../../core/sha256.ts';
import { address } from '../../../core/values.ts';
import { type FakeLedger, Reverted } from './FakeLedger.ts';

/** Where `Verdicts` would stand. */
export const VERDICTS = address(`0x${'7e'.repeat(20)}`);

/** The real outbox table over a ledger that answers at once: a tick takes what is pending to final or refused. */
export class FakeAnchor implements Anchor {
  /** Names of methods that the ledger refuses, whatever they say, and with which error. */
  readonly refuse = new Map<string, string>();
  readonly verdicts = VERDICTS;
  /** While set, nothing is sent. */
  stopped = false;
  readonly #db: Database;
  readonly #ledger: FakeLedger;
  readonly #clock: Clock;

  constructor(db: Database, ledger: FakeLedger, clock: Clock) {
    this.#db = db;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  enqueue: Anchor['enqueue'] = (tx, message) => insertMessage(tx, message, this.#clock.now());
  status: Anchor['status'] = (study, kind, round, slot) => statusOf(this.#db, study, kind, round, slot);

  async tick(): Promise<void> {
    if (this.stopped) return;
    const rows = await this.#db.selectFrom('outbox').selectAll().where('state', '=', 'pending').orderBy('id').execute();
    for (const row of rows) {
      const update = this.#db.updateTable('outbox').where('id', '=', row.id);
      try {
        const refusal = this.refuse.get(row.kind);
        if (refusal !== undefined) throw new Reverted(refusal);
        const block = this.#ledger.apply(row.calldata);
        const transaction = sha256(new TextEncoder().encode(`${row.id}`));
        await update.set({ state: 'final', block, transaction }).execute();
      } catch (error) {
        if (!(error instanceof Reverted)) throw error;
        await update.set({ state: 'refused', error: JSON.stringify(error.contract) }).execute();
      }
    }
  }
}
