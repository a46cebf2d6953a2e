import type { CheckedHistory } from '../../audit/history.ts';
import { drawTable } from '../../cli/output.ts';
import type { Figure } from '../../core/manifest/Report.ts';
import type { DemoResult } from './result.ts';

const SYNTHETIC = 'SYNTHETIC ROWS: generated from published summaries; they describe nobody.';

/** What a demonstration ends with, for people. */
export function resultLines(result: DemoResult, history: CheckedHistory): string[] {
  const { study, rounds, totals, sites, finalModel, synthetic } = result;
  const names = new Map(sites.map(({ slot, name }) => [slot, name]));
  const label = synthetic ? ` (${SYNTHETIC})` : '';
  return [
    '',
    `On each hospital's own test rows, before (initial model) and after (final global model)${label}`,
    drawTable(
      ['slot', 'hospital', 'test rows', 'accuracy before', 'after', 'AUROC before', 'after', 'loss before', 'after'],
      sites.map(({ slot, name, before, after }) => [
        slot,
        name,
        shown(after.rows, 0),
        shown(before.accuracy),
        shown(after.accuracy),
        shown(before.auroc),
        shown(after.auroc),
        shown(before.loss),
        shown(after.loss),
      ]),
    ),
    'A dash: withheld, because the figure would rest on fewer rows than the plan allows to tell of.',
    '',
    `Contributions, read from the chain alone (study ${study})${label}`,
    drawTable(
      ['round', 'block', 'hospital', 'status', 'samples', 'update (SHA-256)'],
      history.rounds.flatMap(({ round, block, entries }) =>
        entries.map(({ slot, status, samples, update }) => [
          round,
          block,
          names.get(slot) ?? slot,
          STATUS_WORDS[status] ?? status,
          samples,
          update.slice(2),
        ]),
      ),
    ),
    drawTable(
      ['slot', 'hospital', 'rounds', 'samples'],
      totals.map(({ slot, rounds: counted, samples }) => [slot, names.get(slot) ?? '', counted, samples]),
    ),
    `Members that attest each record, after checking it and its documents: ${rounds.map(({ attested }) => attested).join(', ')}.`,
    `Every one of the ${rounds.length} records was anchored and read back equal; the ledger's head is ${history.head}.`,
    auditLine(result.audit),
    '',
    `Final model   ${finalModel.path}`,
    `SHA-256       ${finalModel.sha256.slice(2)}`,
  ];
}

function auditLine({ checks, unchecked, final, block }: DemoResult['audit']): string {
  const rest = unchecked === 0 ? '' : `; ${unchecked} things could not be checked`;
  const standing = final ? 'the study is final' : 'the study is not final yet';
  return `VERIFIED by \`syndic audit\` as of block ${block.number}: ${checks} checks, no fault${rest}; ${standing}.`;
}

const STATUS_WORDS = ['absent', 'included', 'excluded', 'not selected'];

export interface Further {
  readonly json: string;
  /** Folder of the UCI files, where they were trained on. */
  readonly data: string | undefined;
  /** The chain and the coordinator still answer. */
  readonly running: boolean;
}

/** Where to look next. */
export function furtherLines(result: DemoResult, { json, data, running }: Further): string[] {
  const { workdir, chain, study, audit, models } = result;
  const places = `--bundle ${shellWord(audit.bundle)} --trusted-block ${audit.block.hash} --artifacts ${shellWord(models)}`;
  const deployment = `${workdir}/deployment.json`;
  const again = `npx syndic up --workdir ${workdir}${data === undefined ? '' : ` --data ${data}`}`;
  return [
    '',
    'What a member runs to verify it, also when everything here has ended:',
    `  npx syndic audit verify ${places}`,
    '',
    'To look further:',
    `  ${audit.report}    what was verified, to read and to print`,
    `  python3 examples/recompute/recompute.py ${json}    every round again, in another language`,
    `  sha256sum ${result.finalModel.path}`,
    ...(running
      ? [
          `  npx syndic audit history --study ${study} --rpc ${chain.rpcUrl} --deployment ${deployment}`,
          `  npx syndic study show ${study} --profile ${workdir}/profile.json`,
        ]
      : [`  ${again}    starts chain and coordinator again, to ask them`]),
    `  logs of every process: ${workdir}/logs`,
  ];
}

/** A path as a shell takes it, whatever is in it. */
function shellWord(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function shown({ value }: Figure, digits = 3): string {
  return value === null ? '-' : value.toFixed(digits);
}
