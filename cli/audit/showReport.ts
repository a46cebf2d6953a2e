import type { Finding } from '../../audit/findings.ts';
import type { Report } from '../../audit/verify.ts';
import { OUTCOME } from '../../core/statements/ledger.ts';
import { nameOf } from '../nameOf.ts';
import { drawTable, isoTime, isTerminal, printLine, printNote, printTable, type Row } from '../output.ts';

/**
 * The verdict first, then what is wrong, what was not looked at, and who contributed what. Piped: one line a finding,
 * tab-separated, and remarks on stderr.
 */
export function showReport(report: Report): void {
  for (const line of summary(report)) printNote(line);
  if (report.findings.length > 0) {
    printTable(['finding', 'severity', 'round', 'slot', 'implicated', 'what'], report.findings.map(rowOf));
  }
  for (const { what, why, round } of report.unchecked) {
    printNote(`not checked${round === undefined ? '' : `, round ${round}`}: ${what}: ${why}`);
  }
  if (!isTerminal()) return;
  const head = ['slot', 'rounds', 'samples'];
  printLine(
    drawTable(
      head,
      report.contributions.map(({ slot, rounds, samples }) => [slot, rounds, String(samples)]),
    ),
  );
}

function summary(report: Report): string[] {
  const { verified, final, study, findings, unchecked, checks, history, block } = report;
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  const examined = checks.reduce((sum, check) => sum + check.examined, 0);
  const head = verified
    ? `VERIFIED: ${examined} checks of study ${study}, no fault`
    : `NOT VERIFIED: ${faults} of ${examined} checks of study ${study} failed`;
  const outcome = history.outcome === null ? 'open' : `closed as ${nameOf(OUTCOME, history.outcome)}`;
  const standing = final ? 'final: closed, attested by its quorum, and undisputed' : 'not final';
  return [
    head,
    `as of block ${block.number} (${block.hash}, ${isoTime(block.time)}), ${basisWords(report)}`,
    `${history.rounds.length} rounds; ${outcome}; ${standing}`,
    ...(unchecked.length === 0 ? [] : [`${unchecked.length} things were not checked: see below`]),
  ];
}

/** Why that block is taken for the chain's. */
function basisWords({ basis }: Report): string {
  if (basis.kind === 'node') return 'on the word of the node that was asked';
  if (basis.kind === 'block') return 'which its reader trusts';
  const { signers, needed } = basis.seals;
  const sealed = `sealed by ${signers.length} of the trusted validators; ${needed} are needed`;
  return basis.probabilistic ? `${sealed}; a longer chain could still replace it` : sealed;
}

function rowOf({ code, severity, round, slot, implicated, what, expected, found }: Finding): Row {
  const detail = expected === undefined ? what : `${what}: expected ${expected}, found ${found ?? 'nothing'}`;
  return [code, severity, round ?? '', slot ?? '', implicated, detail];
}
