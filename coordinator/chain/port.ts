import type { EntryStatus, Outcome, Reason } from '../../core/statements/ledger.ts';
import type { Address, Digest, Instant, Round, Slot, StudyId } from '../../core/values.ts';

/** What the chain says, read at the last final block unless it is said otherwise. */
export interface ChainView {
  readonly chainId: number;
  readonly contracts: Contracts;
  /** The last final block. @throws SyndicError CHAIN_UNAVAILABLE */
  finalBlock(): Promise<BlockRef>;
  study(id: StudyId): Promise<ChainStudy | null>;
  /** Slots that the next record must account for, ascending; before the start: those with a live grant. */
  roster(study: StudyId): Promise<Slot[]>;
  member(slot: Slot): Promise<ChainMember | null>;
  /** History of a key; null when it was never listed. */
  key(key: Address): Promise<ChainKey | null>;
  /** The current key of a member's or coordinator's account. */
  keyOf(account: Address): Promise<Address | null>;
  /** The newest grant of a member in a study, live or not. */
  grant(study: StudyId, slot: Slot): Promise<ChainGrant | null>;
  /** The upper bound of rows of a dataset's version; null when the chain does not know it. */
  versionRows(slot: Slot, dataset: Digest, root: Digest): Promise<number | null>;
  /** What an account or key may do: operator and auditor by role, member by account or worker key. */
  roles(who: Address): Promise<Roles>;
  /** Records of a study, oldest first, from the event index: every one, or that of one round only. */
  rounds(study: StudyId, only?: number): Promise<ChainRound[]>;
  /** The salt under which an operator opened a study, from the event index; null when the chain does not know it. */
  salt(study: StudyId): Promise<Digest | null>;
  /** Ids of studies that `coordinator` coordinates. */
  studiesOf(coordinator: Address): Promise<StudyId[]>;
  totals(study: StudyId, slot: Slot): Promise<{ rounds: number; samples: number }>;
}

/**
 * What keeps a coordinator from the chain, as somebody has to mend it. unreachable: no node answers, or none has caught
 * up. other_chain: all serve another. contradiction: two sides, and no majority. node_left: one of several is not asked
 * any more. unfunded: the account cannot pay. clock_skew: blocks are made at another time than this machine's.
 */
export const CHAIN_TROUBLES = [
  ...(['unreachable', 'other_chain', 'contradiction', 'node_left', 'unfunded', 'clock_skew'] as const),
] as const;
export type ChainTrouble = (typeof CHAIN_TROUBLES)[number];

export interface Contracts {
  readonly consortium: Address;
  readonly dataUse: Address;
  readonly ledger: Address;
}

export interface BlockRef {
  readonly number: number;
  readonly hash: Digest;
  readonly timestamp: Instant;
}

export interface ChainStudy {
  readonly id: StudyId;
  readonly operator: Address;
  /** The coordinator's account, not its key. */
  readonly coordinator: Address;
  readonly minIncluded: number;
  /** 0 while the study is open. */
  readonly outcome: 0 | Outcome;
  readonly started: boolean;
  readonly openedAt: Instant;
  readonly lastRound: number;
  readonly plan: Digest;
  readonly initialModel: Digest;
  /** Global model of the last record; at first the initial model. */
  readonly model: Digest;
  readonly head: Digest;
}

export interface ChainMember {
  readonly slot: Slot;
  readonly account: Address;
  readonly key: Address | null;
  /** Admitted and not suspended. */
  readonly active: boolean;
}

export interface ChainKey {
  readonly key: Address;
  readonly owner: Address;
  /** Null for a coordinator's key. */
  readonly slot: Slot | null;
  readonly validFrom: Instant;
  /** Null until further notice. */
  readonly validTo: Instant | null;
  readonly compromised: boolean;
}

export interface ChainGrant {
  readonly plan: Digest;
  readonly dataset: Digest;
  readonly grantedAt: Instant;
  readonly until: Instant;
  readonly revokedAt: Instant | null;
}

export interface Roles {
  readonly operator: boolean;
  readonly auditor: boolean;
  /** The member whose account or current worker key this is. */
  readonly slot: Slot | null;
}

export interface ChainRound {
  readonly round: Round;
  readonly outcome: Outcome;
  readonly baseModel: Digest;
  readonly globalModel: Digest;
  readonly manifest: Digest;
  readonly recordHash: Digest;
  readonly head: Digest;
  readonly transaction: Digest;
  readonly block: BlockRef;
  readonly gasUsed: number;
  readonly entries: readonly ChainEntry[];
}

export interface ChainEntry {
  readonly slot: Slot;
  readonly status: EntryStatus;
  readonly reason: Reason;
  readonly update: Digest;
  readonly samples: number;
}
