import type { Outcome } from '../../core/statements/entries.ts';
import type { OpenStudyMessage } from '../../core/statements/types.ts';
import type { Verdict } from '../../core/statements/verdict.ts';
import type { Address, Digest, Round, Signature, StudyId } from '../../core/values.ts';
import { ledgerAbi, verdictsAbi } from '../chain/abi.ts';

export type Calldata = `0x${string}`;

export interface OpenStudyCall extends OpenStudyMessage {
  readonly operator: Address;
  /** The operator's over the OpenStudy message. */
  readonly signature: Signature;
}

export interface RecordRoundCall {
  readonly study: StudyId;
  readonly round: Round;
  readonly outcome: Outcome;
  readonly baseModel: Digest;
  readonly globalModel: Digest;
  readonly manifest: Digest;
  /** As core's `encodeEntries` makes them. */
  readonly entries: Uint8Array;
}

/** `openStudyFor`: an operator's order, relayed. */
export function encodeOpenStudyFor(call: OpenStudyCall): Calldata {
  const { operator, plan, initialModel, coordinator, minIncluded, salt, signature } = call;
  return encode('openStudyFor', [operator, plan, initialModel, coordinator, minIncluded, salt, signature]);
}

export function encodeStartStudy(study: StudyId): Calldata {
  return encode('startStudy', [study]);
}

export function encodeRecordRound(call: RecordRoundCall): Calldata {
  const { study, round, outcome, baseModel, globalModel, manifest, entries } = call;
  return encode('recordRound', [study, round, outcome, baseModel, globalModel, manifest, entries]);
}

/** @param kind keccak256 of a name: see core's `noteKind` */
export function encodeNote(study: StudyId, kind: Digest, noted: Digest): Calldata {
  return encode('note', [study, kind, noted]);
}

export function encodeCloseStudy(study: StudyId, outcome: Outcome): Calldata {
  return encode('closeStudy', [study, outcome]);
}

/** `attestFor`: a member's word, relayed. */
export function encodeAttestFor({ study, round, slot, recordHash }: Verdict, signature: Signature): Calldata {
  return encode('attestFor', [study, round, slot, recordHash, signature], verdictsAbi);
}

/** `disputeFor`: a member's word, relayed. */
export function encodeDisputeFor({ study, round, slot, recordHash, reason }: Verdict, signature: Signature): Calldata {
  return encode('disputeFor', [study, round, slot, recordHash, reason, signature], verdictsAbi);
}

/** One call that carries several of the same contract's, all or none. */
export function encodeMulticall(calls: readonly string[]): Calldata {
  return encode('multicall', [calls]);
}

function encode(method: string, values: readonly unknown[], abi = ledgerAbi): Calldata {
  return `0x${abi.encodeFunctionData(method, values).slice(2)}`;
}
