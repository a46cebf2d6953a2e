import type { Result } from 'ethers';
import { isEntryStatus, type Outcome } from '../../core/statements/ledger.ts';
import {
  type Address,
  address,
  digest,
  instant,
  round,
  type Slot,
  type StudyId,
  slot,
  ZERO_ADDRESS,
} from '../../core/values.ts';
import { decodeLedgerEvent } from './abi.ts';
import type { ChainEntry, ChainGrant, ChainKey, ChainMember, ChainRound, ChainStudy } from './port.ts';

/** The contracts' structs and events as the port has them; an all-zero struct is null there. */

export function decodeStudy(id: StudyId, study: Result): ChainStudy | null {
  if (address(study.operator) === ZERO_ADDRESS) return null;
  const outcome = Number(study.outcome);
  return {
    id,
    operator: address(study.operator),
    coordinator: address(study.coordinator),
    minIncluded: Number(study.minIncluded),
    outcome: outcome === 0 ? 0 : decodeOutcome(outcome),
    started: Boolean(study.started),
    openedAt: instant(Number(study.openedAt)),
    lastRound: Number(study.lastRound),
    plan: digest(study.plan),
    initialModel: digest(study.initialModel),
    model: digest(study.model),
    head: digest(study.head),
  };
}

export function decodeMember(of: Slot, member: Result): ChainMember | null {
  if (address(member.account) === ZERO_ADDRESS) return null;
  return {
    slot: of,
    account: address(member.account),
    key: orNull(address(member.key)),
    active: Number(member.suspendedAt) === 0,
  };
}

export function decodeKey(of: Address, key: Result): ChainKey | null {
  if (address(key.owner) === ZERO_ADDRESS) return null;
  const validTo = Number(key.validTo);
  return {
    key: of,
    owner: address(key.owner),
    slot: Number(key.slot) === 0 ? null : slot(Number(key.slot)),
    validFrom: instant(Number(key.validFrom)),
    validTo: validTo === 0 ? null : instant(validTo),
    compromised: Boolean(key.compromised),
  };
}

export function decodeGrant(grant: Result): ChainGrant | null {
  if (Number(grant.grantedAt) === 0) return null;
  const revokedAt = Number(grant.revokedAt);
  return {
    plan: digest(grant.plan),
    dataset: digest(grant.dataset),
    grantedAt: instant(Number(grant.grantedAt)),
    until: instant(Number(grant.until)),
    revokedAt: revokedAt === 0 ? null : instant(revokedAt),
  };
}

/** An event of the ledger as a node or the index has it. */
export interface LedgerLog {
  readonly topics: readonly string[];
  readonly data: string;
}

export type RecordedRound = Omit<ChainRound, 'transaction' | 'block' | 'gasUsed' | 'entries'> & {
  readonly study: StudyId;
};

export function decodeRoundRecorded(log: LedgerLog): RecordedRound {
  const event = decodeLedgerEvent('RoundRecorded', log);
  return {
    study: digest(event.study),
    round: round(Number(event.round)),
    outcome: decodeOutcome(Number(event.outcome)),
    baseModel: digest(event.baseModel),
    globalModel: digest(event.globalModel),
    manifest: digest(event.manifest),
    recordHash: digest(event.recordHash),
    head: digest(event.head),
  };
}

export type RecordedUpdate = ChainEntry & { readonly study: StudyId; readonly round: number };

export function decodeUpdateRecorded(log: LedgerLog): RecordedUpdate {
  const event = decodeLedgerEvent('UpdateRecorded', log);
  const status = Number(event.status);
  if (!isEntryStatus(status)) throw new RangeError(`the ledger emitted entry status ${status}`);
  return {
    study: digest(event.study),
    round: Number(event.round),
    slot: slot(Number(event.slot)),
    status,
    reason: Number(event.reason),
    update: digest(event.update),
    samples: Number(event.samples),
  };
}

export function decodeOutcome(value: number): Outcome {
  if (value === 1 || value === 2 || value === 3) return value;
  throw new RangeError(`the ledger has outcome ${value}`);
}

export function orNull(of: Address): Address | null {
  return of === ZERO_ADDRESS ? null : of;
}
