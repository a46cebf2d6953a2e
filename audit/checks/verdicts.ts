import { disputeName } from '../../core/statements/disputeReasons.ts';
import type { Slot } from '../../core/values.ts';
import type { Audit } from '../Audit.ts';
import {
  type StoredRoundVerdicts,
  type StoredStanding,
  storedRoundVerdicts,
  storedStanding,
} from '../storage/verdicts.ts';

export interface Answers {
  readonly standing: StoredStanding;
  /** By round. */
  readonly rounds: ReadonlyMap<number, StoredRoundVerdicts>;
  /** Closed, every record attested by the quorum, and no dispute open. */
  readonly final: boolean;
}

/** What members said of the records, and whether the contract's counts are of what it holds of each. */
export async function checkVerdicts(audit: Audit, members: readonly Slot[]): Promise<Answers> {
  const { chain, contracts, id, study, findings } = audit;
  const standing = await storedStanding(chain, contracts.verdicts, id);
  const rounds = new Map<number, StoredRoundVerdicts>();
  for (let round = 1; round <= study.lastRound; round++) {
    const told = await storedRoundVerdicts(chain, contracts.verdicts, { study: id, round, slots: members });
    rounds.set(round, told);
    findings.examine('the counts of attestations and disputes are of what members said');
    tell(audit, round, told);
    const attested = told.members.filter((member) => member.attested).length;
    const disputed = told.members.filter(({ dispute }) => dispute === 'disputed').length;
    const what = `the contract's counts of what was said of round ${round} are not of what its members said`;
    const counts = `${told.attested} for, ${told.disputed} against`;
    findings.compare('VERDICTS_MISMATCH', `${attested} for, ${disputed} against`, counts, {
      ...{ round, what, implicated: 'admin' },
    });
  }
  const quorate = [...rounds.values()].filter(({ attested }) => attested >= study.minIncluded).length;
  const open = [...rounds.values()].reduce((sum, { disputed }) => sum + disputed, 0);
  findings.examine('the study’s standing is that of its rounds');
  const what = "the contract's standing of the study is not that of its rounds";
  const stored = `${standing.attestedRounds} attested, ${standing.openDisputes} disputes`;
  findings.compare('VERDICTS_MISMATCH', `${quorate} attested, ${open} disputes`, stored, { what, implicated: 'admin' });
  const closed = study.outcome !== 0;
  const final = closed && quorate === study.lastRound && open === 0;
  if (closed && !final) {
    const told = `the study is closed; of its ${study.lastRound} records, ${quorate} are attested by the quorum of ${study.minIncluded}`;
    findings.add('NOT_FINAL', { what: `${told}, and ${open} disputes are open`, implicated: 'coordinator' });
  }
  return { standing, rounds, final };
}

function tell({ findings }: Audit, round: number, { members, secondsLate }: StoredRoundVerdicts): void {
  for (const { slot, dispute, reason, omission } of members) {
    if (dispute === 'disputed') {
      const what = `slot ${slot} disputes the record of round ${round} (${disputeName(reason)})`;
      findings.add('DISPUTE_OPEN', { round, slot, what, implicated: 'coordinator' });
    }
    if (omission !== 'none') {
      const what = `it is proven on chain that the record of round ${round} breaks slot ${slot}'s receipt (${omission})`;
      findings.add('OMISSION_PROVEN', { round, slot, what, implicated: 'coordinator' });
    }
  }
  if (secondsLate === 0) return;
  const what = `it is on chain that the record of round ${round} missed a receipt's time by ${secondsLate} s`;
  findings.add('RECORD_LATE', { round, what, implicated: 'coordinator' });
}
