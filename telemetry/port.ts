/** What a span is about: a round of a study, or what one member does in it. */
export interface Place {
  /** The study's id on chain. */
  readonly study: string;
  readonly round: number;
  /** Whose update; left out: the round as a whole. */
  readonly slot?: number;
}

/**
 * Spans of the traces that follow each update from the worker that trains it to the record that anchors it. A round is
 * one trace, whose ids follow from study, round and slot alone: every process finds its place in it by itself, also
 * after a restart, and nothing is passed along that a peer could forge.
 */
export interface Traces {
  /**
   * Runs `work` as a span: under the member's update, or under the round when `place` names no slot.
   *
   * @param kept whether its result is worth a span; default: always. What throws is told, with its code.
   */
  span<T>(name: string, place: Place, work: () => Promise<T>, kept?: (result: T) => boolean): Promise<T>;
  /**
   * A span that is over by now.
   *
   * @param start Unix milliseconds
   * @param code of `core/errors`, when it ended badly
   */
  past(name: string, place: Place, start: number, code?: string): void;
  /** The span that `place` itself is, once it is over: all others of it are its children. */
  whole(name: string, place: Place, start: number, code?: string): void;
  /** Sends what is left, for a few seconds at most. */
  close(): Promise<void>;
}
