import type { Address, Digest, StudyId } from '../values.ts';

/** EIP-712 domain of everything that Syndic signs. */
export interface Domain {
  readonly name: 'Syndic';
  readonly version: '1';
  readonly chainId: bigint;
  /** The ledger; for a message that another contract checks, that contract. */
  readonly verifyingContract: Address;
}

/** A member's statement about its update. */
export interface UpdateMessage {
  readonly study: StudyId;
  readonly round: number;
  readonly slot: number;
  /** The plan hash. */
  readonly plan: Digest;
  /** SHA-256 of the model file that the work started from. */
  readonly baseModel: Digest;
  /** SHA-256 of the update file. */
  readonly update: Digest;
  /** Training rows declared, after the plan's disclosure rule; below 2^40. */
  readonly samples: number;
  /** Root of the dataset version used. */
  readonly dataset: Digest;
  /** SHA-256 of the salted report. */
  readonly report: Digest;
}

/** The coordinator's promise that a record naming this update stands on chain by `recordBy`. */
export interface ReceiptMessage {
  /** The EIP-712 digest of the Update. */
  readonly statement: Digest;
  readonly study: StudyId;
  readonly round: number;
  readonly slot: number;
  readonly baseModel: Digest;
  readonly update: Digest;
  readonly samples: number;
  /** Unix seconds: the round's deadline plus the plan's `recordWithin`. */
  readonly recordBy: number;
}

/** `from` proves itself to `to`, over the nonce that `to` sent. */
export interface LoginMessage {
  readonly from: Address;
  readonly to: Address;
  /** 32 random bytes of `to`'s. */
  readonly nonce: Digest;
  /** Unix seconds. */
  readonly expires: number;
}

/** An operator's order to open a study, relayed. */
export interface OpenStudyMessage {
  readonly plan: Digest;
  readonly initialModel: Digest;
  readonly coordinator: Address;
  /** The plan's quorum; at least 2. */
  readonly minIncluded: number;
  readonly salt: Digest;
}

/** A member finds a round's record right. Signed in the domain of `Verdicts`. */
export interface AttestMessage {
  readonly study: StudyId;
  readonly round: number;
  readonly slot: number;
  /** What the ledger stores of the record: a record that replaces it is not attested. */
  readonly recordHash: Digest;
}

/** A member finds a round's record wrong. Signed in the domain of `Verdicts`. */
export interface DisputeMessage extends AttestMessage {
  /** 1 … 255: see `DISPUTE_REASON`. */
  readonly reason: number;
}

export interface MessageOf {
  readonly Update: UpdateMessage;
  readonly Receipt: ReceiptMessage;
  readonly Login: LoginMessage;
  readonly OpenStudy: OpenStudyMessage;
  readonly Attest: AttestMessage;
  readonly Dispute: DisputeMessage;
}

export type MessageKind = keyof MessageOf;

/** The types as they are hashed: field order matters and never changes. */
export const messageTypes: Readonly<Record<MessageKind, readonly { readonly name: string; readonly type: string }[]>> =
  {
    Update: [
      { name: 'study', type: 'bytes32' },
      { name: 'round', type: 'uint32' },
      { name: 'slot', type: 'uint16' },
      { name: 'plan', type: 'bytes32' },
      { name: 'baseModel', type: 'bytes32' },
      { name: 'update', type: 'bytes32' },
      { name: 'samples', type: 'uint64' },
      { name: 'dataset', type: 'bytes32' },
      { name: 'report', type: 'bytes32' },
    ],
    Receipt: [
      { name: 'statement', type: 'bytes32' },
      { name: 'study', type: 'bytes32' },
      { name: 'round', type: 'uint32' },
      { name: 'slot', type: 'uint16' },
      { name: 'baseModel', type: 'bytes32' },
      { name: 'update', type: 'bytes32' },
      { name: 'samples', type: 'uint64' },
      { name: 'recordBy', type: 'uint64' },
    ],
    Login: [
      { name: 'from', type: 'address' },
      { name: 'to', type: 'address' },
      { name: 'nonce', type: 'bytes32' },
      { name: 'expires', type: 'uint64' },
    ],
    OpenStudy: [
      { name: 'plan', type: 'bytes32' },
      { name: 'initialModel', type: 'bytes32' },
      { name: 'coordinator', type: 'address' },
      { name: 'minIncluded', type: 'uint16' },
      { name: 'salt', type: 'bytes32' },
    ],
    Attest: [
      { name: 'study', type: 'bytes32' },
      { name: 'round', type: 'uint32' },
      { name: 'slot', type: 'uint16' },
      { name: 'recordHash', type: 'bytes32' },
    ],
    Dispute: [
      { name: 'study', type: 'bytes32' },
      { name: 'round', type: 'uint32' },
      { name: 'slot', type: 'uint16' },
      { name: 'recordHash', type: 'bytes32' },
      { name: 'reason', type: 'uint8' },
    ],
  };

/**
 * @param chainId of the chain the contract stands on
 * @param contract the ledger; for a message that another contract checks, that contract
 */
export function domain(chainId: number | bigint, contract: Address): Domain {
  return { name: 'Syndic', version: '1', chainId: BigInt(chainId), verifyingContract: contract };
}
