import { SyndicError } from '../../core/errors/SyndicError.ts';
import { CHAIN_TROUBLES, type ChainTrouble } from '../chain/port.ts';
import type { Log } from '../modules.ts';

/** What to do about each, in the log and in the alert. */
const REMEDIES: Readonly<Record<ChainTrouble, string>> = {
  unreachable: 'no node of the chain answers, or none has caught up: messages wait, and are sent when one does',
  other_chain: 'the nodes serve another chain than CHAIN_ID: check CHAIN_RPC_URL',
  contradiction: 'nodes contradict each other, and neither side is believed: take the wrong one out of CHAIN_RPC_URL',
  node_left: 'a node of CHAIN_RPC_URL is not asked any more: the log says which and why',
  unfunded: "the coordinator's account cannot pay for its transactions: the log says how much it needs",
  clock_skew: "blocks are made at another time than this machine's clock: set both by NTP",
};

/** Seconds by which a block's time may differ from ours: go-ethereum refuses blocks from further in the future. */
export const SKEW_SECONDS = 15;

/** What one tick met, told when it is over: what it did not meet again is over as well. */
export class Troubles {
  readonly #there = new Set<ChainTrouble>();
  #met = new Set<ChainTrouble>();
  readonly #log: Log;
  readonly #tell: (trouble: ChainTrouble, there: boolean) => void;

  constructor(log: Log, tell: (trouble: ChainTrouble, there: boolean) => void) {
    this.#log = log;
    this.#tell = tell;
  }

  met(trouble: ChainTrouble): void {
    this.#met.add(trouble);
  }

  /** Takes from a fault what an operator has to mend; nothing, when it is none of these. */
  metIn(thrown: unknown): void {
    if (!(thrown instanceof SyndicError)) return;
    const { code, details } = thrown;
    if (code === 'CHAIN_MISMATCH') this.met('other_chain');
    else if (code === 'CHAIN_UNAVAILABLE') this.met(details.contradiction === true ? 'contradiction' : 'unreachable');
    else if (code === 'STATE_CONFLICT' && details.needed !== undefined) this.met('unfunded');
  }

  /** Runs a tick; whatever it throws is told and thrown. */
  async during(tick: () => Promise<void>): Promise<void> {
    this.#met = new Set();
    try {
      await tick();
    } catch (thrown) {
      this.metIn(thrown);
      throw thrown;
    } finally {
      for (const trouble of CHAIN_TROUBLES) this.#settle(trouble, this.#met.has(trouble));
    }
  }

  #settle(trouble: ChainTrouble, there: boolean): void {
    this.#tell(trouble, there);
    if (there === this.#there.has(trouble)) return;
    if (there) {
      this.#there.add(trouble);
      this.#log.error({ trouble }, REMEDIES[trouble]);
    } else {
      this.#there.delete(trouble);
      this.#log.info({ trouble }, 'this trouble with the chain is over');
    }
  }
}
