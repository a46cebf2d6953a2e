/** What a worker counts for those who watch it. Nothing of a row, a metric or a message is among it. */
export interface Metrics {
  /** A task's training ended. */
  trained(seconds: number): void;
  /** Bytes of an update handed to the line. */
  sent(bytes: number): void;
  /** An update has its receipt. */
  accepted(): void;
  /** @param code of `core/errors` */
  refused(code: string): void;
  /** A round's record was checked. */
  judged(verdict: 'attested' | 'disputed'): void;
  /** Recorded rounds of which the chain has no verdict of this site yet. */
  unanswered(rounds: number): void;
  /** The coordinator answered. */
  heard(): void;
}
