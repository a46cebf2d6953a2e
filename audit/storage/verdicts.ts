import { OMISSIONS, type Omission, VERDICT_STATES, type VerdictState } from '../../core/statements/verdict.ts';
import type { Address, Slot, StudyId } from '../../core/values.ts';
import type { AuditedChain } from '../port.ts';
import { bitOf, numberOf, valueAt } from './words.ts';

/** Slots of the variables of Verdicts: docs/storage-layout.md. */
const SLOT = { studies: 2n, rounds: 3n } as const;
/** Members that share a word of what was said. */
const PER_WORD = 128;

/** One member's word on a record. */
export interface StoredVerdict {
  readonly slot: Slot;
  readonly attested: boolean;
  readonly dispute: VerdictState;
  /** As `DISPUTE_REASON` numbers it; 0 without a dispute. */
  readonly reason: number;
  /** How the record is proven to break the member's receipt. */
  readonly omission: Omission;
}

export interface StoredRoundVerdicts {
  readonly attested: number;
  /** Open disputes. */
  readonly disputed: number;
  /** By which the record missed a receipt's time, as far as that is on record. */
  readonly secondsLate: number;
  readonly members: readonly StoredVerdict[];
}

export interface StoredStanding {
  /** Rounds that the study's quorum attests. */
  readonly attestedRounds: number;
  readonly openDisputes: number;
}

export async function storedStanding(chain: AuditedChain, verdicts: Address, id: StudyId): Promise<StoredStanding> {
  const [word = 0n] = await chain.words(verdicts, [valueAt(id, SLOT.studies)]);
  return { attestedRounds: numberOf(word, 0, 4), openDisputes: numberOf(word, 4, 4) };
}

/** What `slots` said of a round, and what receipts prove against it. */
export async function storedRoundVerdicts(
  chain: AuditedChain,
  verdicts: Address,
  { study, round, slots }: { readonly study: StudyId; readonly round: number; readonly slots: readonly Slot[] },
): Promise<StoredRoundVerdicts> {
  const at = valueAt(round, valueAt(study, SLOT.rounds));
  const wordOf = (slot: Slot) => valueAt(Math.floor(slot / PER_WORD), at + 1n);
  const each = slots.flatMap((slot) => [wordOf(slot), valueAt(slot, at + 2n), valueAt(slot, at + 3n)]);
  const [counts = 0n, ...words] = await chain.words(verdicts, [at, ...each]);
  return {
    attested: numberOf(counts, 0, 2),
    disputed: numberOf(counts, 2, 2),
    secondsLate: numberOf(counts, 4, 8),
    members: slots.map((slot, i) => {
      const [said = 0n, dispute = 0n, omission = 0n] = words.slice(3 * i);
      return {
        slot,
        attested: bitOf(said, slot % PER_WORD),
        dispute: VERDICT_STATES[numberOf(dispute, 0, 1)] ?? 'none',
        reason: numberOf(dispute, 1, 1),
        omission: OMISSIONS[numberOf(omission, 0, 1)] ?? 'none',
      };
    }),
  };
}
