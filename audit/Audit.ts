import type { Plan } from '../core/plan/Plan.ts';
import { type EntryStatus, STATUS } from '../core/statements/entries.ts';
import type { Slot, StudyId } from '../core/values.ts';
import type { ContractAddresses } from './code.ts';
import type { Files } from './Files.ts';
import type { Findings } from './findings.ts';
import type { AuditedChain } from './port.ts';
import type { HistoryRound, StudyHistory } from './replay.ts';
import type { StoredStudy } from './storage/ledger.ts';

/** One study under audit: what every check is given. */
export interface Audit {
  readonly chain: AuditedChain;
  readonly contracts: ContractAddresses;
  readonly id: StudyId;
  /** As storage has it. */
  readonly study: StoredStudy;
  /** As events tell it; held against storage before anything else relies on it. */
  readonly history: StudyHistory;
  readonly files: Files;
  readonly findings: Findings;
}

/** The same once the plan is known to be the study's. */
export interface PlannedAudit extends Audit {
  readonly plan: Plan;
}

/** What one member gave, round by round. */
export interface Contribution {
  readonly slot: Slot;
  /** Rounds that included it, and the sum of its samples over them. */
  readonly rounds: number;
  readonly samples: bigint;
  readonly byRound: readonly { readonly round: number; readonly status: EntryStatus; readonly samples: number }[];
}

/** Of every slot that a record of the study names, ascending. */
export function contributionsOf({ rounds }: StudyHistory): Contribution[] {
  const bySlot = new Map<Slot, { round: number; status: EntryStatus; samples: number }[]>();
  for (const { round, entries } of rounds) {
    for (const { slot, status, samples } of entries) {
      const lines = bySlot.get(slot) ?? [];
      if (lines.length === 0) bySlot.set(slot, lines);
      lines.push({ round, status, samples: status === STATUS.INCLUDED ? samples : 0 });
    }
  }
  const slots = [...bySlot].sort(([a], [b]) => a - b);
  return slots.map(([slot, byRound]) => {
    const rounds = byRound.filter(({ status }) => status === STATUS.INCLUDED).length;
    return { slot, rounds, samples: byRound.reduce((sum, { samples }) => sum + BigInt(samples), 0n), byRound };
  });
}

/** When the record came to stand on which the round is built; of the first, when the study was opened. Unix seconds. */
export function baseTime({ study, history }: Audit, { round }: HistoryRound): number {
  return history.rounds.find((before) => before.round === round - 1)?.time ?? study.openedAt;
}
