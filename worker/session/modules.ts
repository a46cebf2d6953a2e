import type { Domain } from '../../core/statements/types.ts';
import type { Address, Instant, Slot } from '../../core/values.ts';
import type { WorkerKey } from '../keys/port.ts';
import type { CoordinatorIdentity, HeldReceipt } from './port.ts';

/** The part of a pino logger that the session uses. */
export interface SessionLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface SessionOptions {
  readonly identity: CoordinatorIdentity;
  readonly slot: Slot;
  /** Seconds between heartbeats. Default: what the coordinator asks for at login. */
  readonly heartbeatSeconds?: number;
  /** Task kinds that this worker knows. Default `train`. */
  readonly capabilities?: readonly string[];
  /** HTTP/2 flow control window for downloads. Default 4 MiB; 16 MiB over distance. */
  readonly windowBytes?: number;
  /** Waiting between attempts, in milliseconds: doubles from `least` to `most`. Default 250 to 30,000. */
  readonly backoff?: { readonly least: number; readonly most: number };
}

export interface SessionModules {
  readonly key: WorkerKey;
  /** The key with which the coordinator's account acts now, read over this hospital's own RPC. */
  readonly coordinatorKey: () => Promise<Address>;
  readonly clock: () => Instant;
  readonly log: SessionLog;
  readonly domain: Domain;
  /** Receipts that this site holds in studies under way, told on each new line. Left out: nothing is told. */
  readonly held?: () => Promise<HeldReceipt[]>;
}
