import type { CheckedHistory, JudgedRound, RoundVerdicts } from '../../audit/history.ts';
import { disputeName } from '../../core/statements/disputeReasons.ts';
import { OUTCOME, REASON, STATUS } from '../../core/statements/ledger.ts';
import type { Slot } from '../../core/values.ts';
import { nameOf } from '../nameOf.ts';
import { drawTable, isoTime, isTerminal, printLine, printNote, printTable, type Row, shortDigest } from '../output.ts';

/** A line an entry of every record, then totals and whether the chain bears it out. Piped: tab-separated lines. */
export function showHistories(histories: readonly CheckedHistory[], block: number): void {
  const head = ['study', 'round', 'outcome', 'time', 'slot', 'status', 'reason', 'samples', 'update', 'verdict'];
  printTable(head, histories.flatMap(rowsOf));
  if (isTerminal()) printLine(drawTable(['study', 'slot', 'rounds', 'samples'], histories.flatMap(totalRows)));
  for (const { study, head: made, verified, rounds, final } of histories) {
    for (const round of rounds) for (const line of tellVerdicts(round)) printNote(`study ${study}: ${line}`);
    const equal = `equals what the ledger stores at block ${block}`;
    const result = verified ? equal : 'DOES NOT AGREE with the ledger: see the error';
    printNote(`study ${study}: head ${made}, recomputed from its events (${rounds.length} rounds), ${result}`);
    if (final) printNote(`study ${study}: final: closed, attested by its quorum, and undisputed`);
  }
}

function rowsOf({ study, rounds }: CheckedHistory): Row[] {
  return rounds.flatMap(({ round, outcome, time, entries, verdicts }) =>
    entries.map(({ slot, status, reason, samples, update }): Row => {
      const words = [nameOf(STATUS, status), reason === 0 ? '' : nameOf(REASON, reason)] as const;
      return [
        shortDigest(study),
        round,
        nameOf(OUTCOME, outcome),
        isoTime(time),
        slot,
        ...words,
        samples,
        shortDigest(update),
        verdictOf(slot, verdicts),
      ];
    }),
  );
}

/** A member's word on the record, and whether the record breaks its receipt. */
function verdictOf(slot: Slot, { attested, disputes, omissions }: RoundVerdicts): string {
  const dispute = disputes.find((one) => one.slot === slot);
  const broken = omissions.find((one) => one.slot === slot);
  return [
    ...(dispute === undefined ? [] : [`${dispute.state} (${disputeName(dispute.reason)})`]),
    ...(attested.includes(slot) ? ['attested'] : []),
    ...(broken === undefined ? [] : [`RECEIPT BROKEN: ${broken.omission}`]),
  ].join('; ');
}

/** Nothing of a round of which nothing was said. */
function tellVerdicts({ round, verdicts: { attested, disputes, omissions, secondsLate } }: JudgedRound): string[] {
  const open = disputes.filter(({ state }) => state === 'disputed');
  const parts = [
    ...(attested.length === 0 ? [] : [`attested by ${attested.length}`]),
    ...(open.length === 0 ? [] : [`DISPUTED by ${open.length}`]),
    ...(omissions.length === 0 ? [] : [`BREAKS ${omissions.length} of its coordinator's receipts`]),
    ...(secondsLate === 0 ? [] : [`${secondsLate} s late`]),
  ];
  return parts.length === 0 ? [] : [`round ${round}: ${parts.join(', ')}`];
}

function totalRows({ study, totals }: CheckedHistory): Row[] {
  return totals.map(({ slot, rounds, samples }) => [shortDigest(study), slot, rounds, String(samples)]);
}
