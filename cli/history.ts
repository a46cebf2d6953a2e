import { Command } from 'commander';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { DISPUTE_REASON } from '../core/statements/disputeReasons.ts';
import { OUTCOME, REASON, STATUS } from '../core/statements/ledger.ts';
import { type Slot, type StudyId, slot as toSlot } from '../core/values.ts';
import { type CheckedHistory, type JudgedRound, readHistory } from './chain/history.ts';
import { type ChainOptions, digestArgument, numberArgument, onChain, withChain } from './chain/options.ts';
import type { RoundVerdicts } from './chain/roundVerdicts.ts';
import { nameOf } from './nameOf.ts';
import {
  drawTable,
  isoTime,
  isTerminal,
  printJson,
  printLine,
  printNote,
  printTable,
  type Row,
  shortDigest,
} from './output.ts';

type HistoryOptions = ChainOptions & { readonly slot?: number };

/** `syndic history`: who contributed what, with nothing but a node of the chain. */
export function historyCommand(): Command {
  return withChain(new Command('history'))
    .description(
      'who contributed what, read from the chain alone and checked: every hash is recomputed from the events and compared with what the ledger stores',
    )
    .argument('[study]', "the study's id (default: every study)", digestArgument)
    .option('--slot <n>', 'only what this member gave', numberArgument)
    .action(async (study: StudyId | undefined, options: HistoryOptions) => {
      const slot = options.slot === undefined ? undefined : slotOf(options.slot);
      const { deployment, block, studies } = await onChain(
        options.rpc,
        options.deployment,
        async (chain, deployment) => {
          return { deployment, ...(await readHistory(chain, deployment.ledger, { study, slot })) };
        },
      );
      if (study !== undefined && slot === undefined && studies.length === 0) throw unknown(study, block);
      const shown = studies.map((history) => onlySlot(history, slot));
      const { chainId, ledger } = deployment;
      if (options.json) printJson({ chainId, ledger, block, verified: allVerified(studies), studies: shown });
      else show(shown, block);
      if (!allVerified(studies)) throw untrue(studies);
    });
}

function slotOf(number: number): Slot {
  if (number > 0xffff) throw new SyndicError('USAGE', `${number} is no slot: they go from 1 to 65535`);
  return toSlot(number);
}

function onlySlot(history: CheckedHistory, slot: Slot | undefined): CheckedHistory {
  if (slot === undefined) return history;
  const rounds = history.rounds
    .map((round) => ({ ...round, entries: round.entries.filter((entry) => entry.slot === slot) }))
    .filter(({ entries }) => entries.length > 0);
  return { ...history, rounds, totals: history.totals.filter((totals) => totals.slot === slot) };
}

function show(studies: readonly CheckedHistory[], block: number): void {
  const head = ['study', 'round', 'outcome', 'time', 'slot', 'status', 'reason', 'samples', 'update', 'verdict'];
  printTable(head, studies.flatMap(rowsOf));
  if (isTerminal()) printLine(drawTable(['study', 'slot', 'rounds', 'samples'], studies.flatMap(totalRows)));
  for (const { study, head: recomputed, verified, rounds, final } of studies) {
    for (const round of rounds) for (const line of tellVerdicts(round)) printNote(`study ${study}: ${line}`);
    const equal = `equals what the ledger stores at block ${block}`;
    const result = verified ? equal : 'DOES NOT AGREE with the ledger: see the error';
    printNote(`study ${study}: head ${recomputed}, recomputed from its events (${rounds.length} rounds), ${result}`);
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
    ...(dispute === undefined ? [] : [`${dispute.state} (${nameOf(DISPUTE_REASON, dispute.reason)})`]),
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
  return totals.map(({ slot, rounds, samples }) => [shortDigest(study), slot, rounds, samples]);
}

function allVerified(studies: readonly CheckedHistory[]): boolean {
  return studies.every(({ verified }) => verified);
}

function unknown(study: StudyId, block: number): SyndicError {
  return new SyndicError('NOT_FOUND', `the ledger has no study ${study} at block ${block}: check the id`, { study });
}

function untrue(studies: readonly CheckedHistory[]): SyndicError {
  const faults = studies.flatMap(({ study, faults }) => faults.map((fault) => `study ${study}, ${fault}`));
  const advice = 'the node that answered is broken or lies: ask another one';
  return new SyndicError('DIGEST_MISMATCH', `the ledger's events and its storage do not agree: ${advice}`, { faults });
}
