/** What a federation is to do. */
export interface Job {
  readonly clients: number;
  /** Of the model: see `benchmarkPlan`. */
  readonly width: number;
  readonly rounds: number;
  /** A folder of its own, which is removed afterwards. */
  readonly dir: string;
  /** The Python environment that has the peers. */
  readonly venv: string;
  /** Seconds that the peers wait between two looks for something to do; null: as they are installed. */
  readonly wait: number | null;
  /** Aborted when the job is to be given up. */
  readonly signal: AbortSignal;
}

/** A server and its clients, each a process of its own, ready for their rounds. */
export interface Federation {
  /** Process ids of what serves the clients, by name. What they start counts as theirs. */
  readonly server: Readonly<Record<string, number>>;
  readonly clients: readonly number[];
  /** Runs all rounds. @returns when each began, and when the last one ended: milliseconds since 1970 */
  run(): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Starts a federation. @throws when it does not start; nothing is left behind then */
export type OpenFederation = (job: Job) => Promise<Federation>;
