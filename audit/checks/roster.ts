import { STATUS } from '../../core/statements/ledger.ts';
import type { Slot } from '../../core/values.ts';
import { type Audit, contributionsOf } from '../Audit.ts';
import type { HistoryRound } from '../replay.ts';
import { type StoredGrant, storedGrants } from '../storage/dataUse.ts';
import { storedJoined } from '../storage/ledger.ts';

/** Every grant of each of a study's members. */
export type Grants = ReadonlyMap<Slot, readonly StoredGrant[]>;

/** Every slot that ever joined the study, or that a record names. */
export async function membersOf({ chain, contracts, id, history }: Audit): Promise<Slot[]> {
  const joined = await storedJoined(chain, contracts.ledger, id);
  const named = contributionsOf(history).map(({ slot }) => slot);
  return [...new Set([...joined, ...named])];
}

export async function readGrants(audit: Audit): Promise<Grants> {
  const slots = await membersOf(audit);
  const grants = await storedGrants(audit.chain, audit.contracts.dataUse, audit.id, slots);
  return new Map(slots.map((slot, i) => [slot, grants[i] ?? []]));
}

/** Whether every record accounts for its roster, and counts nobody without a live grant for the study's plan. */
export function checkRosters({ study, history, findings }: Audit, grants: Grants): void {
  const { rounds, started } = history;
  for (const [i, round] of rounds.entries()) {
    const named = new Set<Slot>(round.entries.map(({ slot }) => slot));
    const fixedAt = rounds[i - 1]?.time;
    for (const [slot, given] of grants) {
      findings.examine('a record accounts for a member of its roster, and for nobody else');
      const atStart = started?.includes(slot) === true;
      const due = fixedAt === undefined ? atStart : joinedAt(stillHeld(given, history.startedAt), fixedAt);
      if (due === null || due === named.has(slot)) continue;
      const verb = due ? 'does not account for' : 'names';
      const what = `the record of round ${round.round} ${verb} slot ${slot}, which was ${due ? '' : 'not '}on its roster`;
      findings.add('ROSTER_MISMATCH', { round: round.round, slot, what, implicated: 'coordinator' });
    }
    for (const { slot, status } of round.entries) {
      if (status !== STATUS.INCLUDED) continue;
      findings.examine('an included member’s grant was live, and for this plan');
      const live = grantAt(grants.get(slot) ?? [], round.time);
      if (live?.plan === study.plan) continue;
      const what = `slot ${slot} was included in round ${round.round} without a live grant for the study's plan`;
      findings.add('GRANT_MISSING', { round: round.round, slot, what, implicated: 'coordinator' });
    }
  }
}

/** The grant that was live at a record's time; one withdrawn in the same second may have been so before the record. */
export function grantAt(grants: readonly StoredGrant[], time: number): StoredGrant | undefined {
  return grants.find(({ grantedAt, until, revokedAt }) => {
    return grantedAt <= time && time < until && (revokedAt === null || time <= revokedAt);
  });
}

/** What had run out when the study started counts for nothing any more. */
function stillHeld(grants: readonly StoredGrant[], startedAt: number | null): readonly StoredGrant[] {
  return grants.filter(({ until }) => startedAt === null || until > startedAt);
}

/** Whether a slot had joined when a record was made; null where only the order within one second would tell. */
function joinedAt(grants: readonly StoredGrant[], time: number): boolean | null {
  if (grants.some(({ grantedAt, revokedAt }) => grantedAt === time || revokedAt === time)) return null;
  // A grant that only ran out takes no slot off; the next one finds it there.
  return grants.some(({ grantedAt, revokedAt }) => grantedAt < time && (revokedAt === null || time < revokedAt));
}

/** The grant under which a round's statement was made. */
export function grantFor(grants: Grants, slot: Slot, round: HistoryRound): StoredGrant | undefined {
  return grantAt(grants.get(slot) ?? [], round.time);
}
