import type { Instant } from '../core/values.ts';

/** What time it is. Passed in, so that a test decides. */
export interface Clock {
  /** Unix seconds, rounded down. */
  now(): Instant;
}

/** The part of a pino logger that the rooms use. */
export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/**
 * Called right after the commit of the transition that `point` names (`round.collecting`, `outbox.signed`, …). Tests
 * end the process there; everywhere else it is left out.
 */
export type Crash = (point: string) => void;
