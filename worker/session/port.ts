import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Verdict } from '../../core/statements/verdict.ts';
import type { Address, Digest, Instant, Round, Signature, Slot, StudyId } from '../../core/values.ts';

/** The line to the coordinator: dials out, proves itself, makes the coordinator prove itself, resumes what broke. */
export interface Session {
  /** Whether a line is open on which both ends have proved themselves. */
  readonly connected: boolean;
  /**
   * Tasks as they come, for as long as `signal` allows; reconnects by itself with backoff (seeded jitter not needed).
   * Ends by throwing only on what no retry mends.
   * @throws SyndicError PIN_MISMATCH, COORDINATOR_UNTRUSTED, KEY_INVALID, VERSION_UNSUPPORTED
   */
  tasks(signal: AbortSignal): AsyncIterable<TaskOffer>;
  /** The file's bytes from `from`; each chunk as it comes; the caller hashes. @throws SyndicError NOT_FOUND, FORBIDDEN */
  download(digest: Digest, from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Sends an update, going on where a broken upload stopped; safe to repeat with the same bytes.
   * @returns the receipt document as sent; the caller verifies it.
   */
  upload(update: OutgoingUpdate, signal: AbortSignal): Promise<Uint8Array>;
  /** Says that this task will not be done, and why. */
  refuse(task: string, code: ErrorCode, message: string): Promise<void>;
  /**
   * Hands a verdict over, to be relayed to the chain; safe to repeat.
   * @throws SyndicError VERSION_UNSUPPORTED by a coordinator of an earlier version
   */
  answer(verdict: SignedVerdict, signal: AbortSignal): Promise<Relayed>;
  /** What heartbeats tell of a task from now on; null: it is over. */
  progress(task: string, at: { phase: string; done: number; total: number } | null): void;
  close(): Promise<void>;
}

/** A verdict as its worker signed it; the slot is the session's. */
export interface SignedVerdict extends Verdict {
  readonly signature: Signature;
}

/** What became of a verdict so far: `waiting`, `taken`, `final` or `refused`, and then the contract's error. */
export interface Relayed {
  readonly state: string;
  readonly error: string;
}

export interface TaskOffer {
  readonly id: string;
  readonly kind: string;
  readonly study: StudyId;
  readonly round: Round;
  readonly slot: Slot;
  readonly plan: Digest;
  readonly baseModel: Digest;
  readonly opened: Instant;
  readonly deadline: Instant;
  readonly recordBy: Instant;
  /** Aborts when the coordinator no longer wants it. */
  readonly cancelled: AbortSignal;
}

export interface OutgoingUpdate extends SignedUpdate {
  readonly task: string;
}

/** A receipt of the coordinator's, with all that it is about. */
export interface HeldReceipt extends SignedUpdate {
  readonly receipt: Uint8Array;
}

export interface SignedUpdate {
  readonly update: Digest;
  readonly length: number;
  /** The file's bytes from an offset on. */
  readonly open: (from: number) => AsyncIterable<Uint8Array>;
  readonly statement: Uint8Array;
  readonly report: Uint8Array;
}

/** What an invitation tells a worker of the coordinator that it may talk to. */
export interface CoordinatorIdentity {
  /** `host:port` of the gRPC listener. */
  readonly target: string;
  /** SHA-256 of the server certificate's SubjectPublicKeyInfo (RFC 7469, section 2.4). */
  readonly pin: Digest;
  /** The coordinator's account in the Consortium. */
  readonly coordinator: Address;
}
