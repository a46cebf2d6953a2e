import type { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Digest, Slot } from '../../core/values.ts';

/** Receives updates: hash, verify, deduplicate, promise a record by signing a receipt. */
export interface Intake {
  /** How much of an upload is held; with the receipt once it is accepted. @throws SyndicError TASK_UNKNOWN */
  state(slot: Slot, task: string, update: Digest): Promise<{ received: number; receipt: Uint8Array | null }>;
  /**
   * Checks everything that can be checked before the first byte: statement, signature, key, study, round, base,
   * samples, grant, dataset version, report, exact length. Each refusal is an event.
   */
  begin(slot: Slot, upload: UploadBegin): Promise<Upload>;
  /**
   * What a member holds of this coordinator's promises. A receipt of its own that its database does not know is
   * adopted, and is as final as one that was never lost.
   *
   * @param complete these, with what was presented before, are all that the member holds
   * @returns one a receipt, in their order
   */
  present(slot: Slot, held: readonly HeldReceipt[], complete: boolean): Promise<Presented[]>;
}

/** A receipt with what it is about, as a member keeps them. */
export interface HeldReceipt {
  readonly statement: Uint8Array;
  readonly report: Uint8Array;
  readonly receipt: Uint8Array;
}

/** What a presented receipt came to. */
export interface Presented {
  /** Why it does not stand; null: it does. */
  readonly fault: SyndicError | null;
  /** The task under which the update's bytes are to be sent again; null when they are here. */
  readonly wanted: string | null;
}

export interface UploadBegin {
  readonly task: string;
  readonly statement: Uint8Array;
  readonly report: Uint8Array;
  readonly length: number;
  readonly offset: number;
}

export interface Upload {
  /** @throws SyndicError CHUNK_OUT_OF_ORDER, LENGTH_MISMATCH, TENSORS_MISMATCH, NOT_FINITE, SALT_MISSING, TOO_LARGE */
  chunk(offset: number, data: Uint8Array): Promise<void>;
  /**
   * Makes the update durable, stores statement and report, then signs, stores and returns the receipt document.
   * @throws SyndicError CHUNK_OUT_OF_ORDER when bytes are missing, which are waited for; DIGEST_MISMATCH,
   * UPDATE_CONFLICT, ROUND_NOT_OPEN, DEADLINE_PASSED, STATE_CONFLICT
   */
  finish(): Promise<Uint8Array>;
  /** The line broke: what was received is kept for a while, so that the upload can go on. */
  suspend(): Promise<void>;
}
