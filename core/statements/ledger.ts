import { AbiCoder } from 'ethers/abi';
import { keccak256 } from 'ethers/crypto';
import { id } from 'ethers/hash';
import { concat, toBeHex } from 'ethers/utils';
import { type Address, type Digest, digest, type StudyId } from '../values.ts';
import type { Outcome } from './entries.ts';

export * from './entries.ts';

/** What sets the kinds of hashed things apart. */
export const TAGS = {
  STUDY: digest(id('syndic.study.v1')),
  ROUND: digest(id('syndic.round.v1')),
  START: digest(id('syndic.start.v1')),
  NOTE: digest(id('syndic.note.v1')),
  CLOSE: digest(id('syndic.close.v1')),
} as const;

export interface RoundRecord {
  readonly study: StudyId;
  readonly round: number;
  readonly outcome: Outcome;
  readonly baseModel: Digest;
  readonly globalModel: Digest;
  /** SHA-256 of the manifest. */
  readonly manifest: Digest;
  /** `block.timestamp` of the record's block, Unix seconds. */
  readonly timestamp: number;
  /** As `encodeEntries` makes them. */
  readonly entries: Uint8Array;
}

/** What the ledger stores of a round and folds into the study's head. */
export function recordHash(record: RoundRecord): Digest {
  return hash(
    ['bytes32', 'bytes32', 'uint32', 'uint8', 'bytes32', 'bytes32', 'bytes32', 'uint64', 'bytes32'],
    [
      TAGS.ROUND,
      record.study,
      record.round,
      record.outcome,
      record.baseModel,
      record.globalModel,
      record.manifest,
      record.timestamp,
      keccak256(record.entries),
    ],
  );
}

/** The head with which a study opens. */
export function studyHead(
  chainId: number | bigint,
  ledger: Address,
  study: StudyId,
  plan: Digest,
  initialModel: Digest,
): Digest {
  return hash(
    ['bytes32', 'uint256', 'address', 'bytes32', 'bytes32', 'bytes32'],
    [TAGS.STUDY, chainId, ledger, study, plan, initialModel],
  );
}

/** The head after a record, start, note or close of this hash. */
export function extendHead(head: Digest, recordHash: Digest): Digest {
  return hash(['bytes32', 'bytes32'], [head, recordHash]);
}

/** @param slots round 1's roster, ascending */
export function startHash(study: StudyId, slots: readonly number[], timestamp: number): Digest {
  const packed = keccak256(concat(slots.map((slot) => toBeHex(slot, 2))));
  return hash(['bytes32', 'bytes32', 'bytes32', 'uint64'], [TAGS.START, study, packed, timestamp]);
}

/** @param kind see `noteKind` */
export function noteHash(study: StudyId, kind: Digest, noted: Digest, timestamp: number): Digest {
  return hash(['bytes32', 'bytes32', 'bytes32', 'bytes32', 'uint64'], [TAGS.NOTE, study, kind, noted, timestamp]);
}

/** The kind of a note: keccak-256 of its name. */
export function noteKind(name: string): Digest {
  return digest(id(name));
}

export function closeHash(study: StudyId, outcome: Outcome, timestamp: number): Digest {
  return hash(['bytes32', 'bytes32', 'uint8', 'uint64'], [TAGS.CLOSE, study, outcome, timestamp]);
}

function hash(types: readonly string[], values: readonly unknown[]): Digest {
  return digest(keccak256(AbiCoder.defaultAbiCoder().encode(types, values)));
}
