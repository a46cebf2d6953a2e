import type { Address, Digest, Round, Slot, StudyId } from '../../core/values.ts';
import type { DatabaseTransaction } from '../db/connect.ts';

/** What we say to the chain: an outbox row is written with the state change that causes it; the rest follows. */
export interface Anchor {
  /** The contract that members' verdicts are for. */
  readonly verdicts: Address;
  /** Puts a message into the outbox, within the caller's transaction. One row a (study, kind, round, slot), for good. */
  enqueue(tx: DatabaseTransaction, message: OutboxMessage): Promise<void>;
  /** Where a message stands; null when it was never put in. */
  status(study: StudyId, kind: OutboxKind, round: Round | 0, slot?: Slot): Promise<OutboxStatus | null>;
  /** Moves every row as far as it can go now. Idempotent; safe from several processes. */
  tick(): Promise<void>;
}

export type OutboxKind = LedgerKind | VerdictKind;
/** What a coordinator says, to the ledger: each in its study's order. */
export type LedgerKind = 'open' | 'start' | 'record' | 'note' | 'close';
/** What a member says of a round, relayed to `Verdicts`: each for itself, and no record waits for it. */
export type VerdictKind = 'attest' | 'dispute';

export interface OutboxMessage {
  readonly study: StudyId;
  readonly kind: OutboxKind;
  /** 0 for what is no round's. */
  readonly round: Round | 0;
  /** Whose verdict; left out for what is no member's. */
  readonly slot?: Slot;
  /** ABI-encoded call of the ledger, or of `Verdicts` for a verdict, 0x-hex. */
  readonly calldata: `0x${string}`;
}

/**
 * pending: calldata stored. signed: nonce and signed bytes stored. sent: handed to a node. mined: in a block.
 * final: in a final block. refused: `eth_call` says that it reverts; `error` has the contract's own.
 */
export type OutboxState = 'pending' | 'signed' | 'sent' | 'mined' | 'final' | 'refused';

export interface OutboxStatus {
  readonly state: OutboxState;
  readonly transaction: Digest | null;
  readonly block: number | null;
  /** The contract's custom error by name, such as `GrantNotLive`, with its arguments; null otherwise. */
  readonly error: { readonly name: string; readonly args: readonly string[] } | null;
}
