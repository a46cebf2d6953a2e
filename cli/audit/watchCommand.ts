import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { Finding } from '../../audit/findings.ts';
import type { Artifacts } from '../../audit/port.ts';
import {
  firstLook,
  type Look,
  look,
  type SeenHead,
  seenSchema,
  type WatchState,
  watchStateSchema,
} from '../../audit/watch.ts';
import { parseJson } from '../../core/canonicalJson.ts';
import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { checkDocument } from '../../core/schemas.ts';
import { OUTCOME } from '../../core/statements/ledger.ts';
import type { StudyId } from '../../core/values.ts';
import { keepFile } from '../../worker/keepFile.ts';
import { digestArgument, numberArgument } from '../chain/options.ts';
import { readInput } from '../files.ts';
import { nameOf } from '../nameOf.ts';
import { isoTime, printLine, printNote } from '../output.ts';
import { untilInterrupted } from '../untilInterrupted.ts';
import { artifactsOption, type ChainSource, chainSource, onAuditedChain, withChainOptions } from './options.ts';

type Options = Partial<ChainSource> & {
  readonly artifacts?: readonly Artifacts[];
  readonly state: string;
  readonly behind?: number;
  readonly every: number;
  readonly once?: boolean;
  readonly webhook?: URL;
  readonly compare?: readonly string[];
  readonly json?: boolean;
};

/** Milliseconds until a webhook, or a place of published heads, that says nothing is given up on. */
const PATIENCE = 15_000;

export function watchCommand(): Command {
  return withChainOptions(new Command('watch'))
    .description('follow a study: verify each round as it lands, write a line, tell of what is found')
    .argument('<study>', "the study's id", digestArgument)
    .addOption(artifactsOption().makeOptionMandatory())
    .requiredOption('--state <file>', 'what was seen and told so far: made when it is missing; survives restarts')
    .option('--behind <n>', 'blocks before the newest: where a reorganisation may still take one back', numberArgument)
    .option('--every <seconds>', 'how often to look', numberArgument, 15)
    .option('--once', 'look once; exits with 9 when a fault stands')
    .option('--webhook <url>', 'POST each finding there, as JSON, until it is taken', urlArgument)
    .option(
      '--compare <place>',
      'a file or URL of lines that other watchers wrote with --json; may be given several times',
      placesArgument,
    )
    .option('--json', 'one JSON object a line')
    .action(async (study: StudyId, options: Options) => {
      const signal = untilInterrupted();
      for (;;) {
        const seen = await lookOnce(study, options).catch((thrown: unknown) => {
          if (options.once) throw thrown;
          const { code, message } = toSyndicError(thrown);
          printNote(`not looked: ${code}: ${message}; tried again in ${options.every} s`);
          return null;
        });
        if (options.once && seen !== null && !seen.report.verified) {
          throw new SyndicError('AUDIT_FAILED', `faults stand in the history of study ${study}`, {});
        }
        if (options.once || signal.aborted) return;
        await sleep(options.every * 1000, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
      }
    });
}

async function lookOnce(study: StudyId, options: Options): Promise<Look> {
  const { artifacts = [], behind = 0, state: file, compare = [], webhook } = options;
  const published = (await Promise.all(compare.map(publishedAt))).flat();
  const state = await readState(file, study);
  const seen = await onAuditedChain(chainSource(options), behind, (chain, ledger) =>
    look({ chain, ledger, artifacts }, state, published),
  );
  for (const landed of seen.landed) tellRound(landed, options.json === true);
  for (const finding of seen.news) {
    tellFinding(study, finding, options.json === true);
    if (webhook !== undefined) await post(webhook, { study, block: seen.report.block, finding });
  }
  // Only now: whoever was not told, because this was killed or the webhook did not answer, is told again.
  await keepFile(file, `${JSON.stringify(seen.next, null, 2)}\n`, 0o644);
  return seen;
}

function tellRound({ seen, outcome, faults }: Look['landed'][number], json: boolean): void {
  if (json) {
    printLine(JSON.stringify(seen));
    return;
  }
  const { round, head, block, blockHash, time } = seen;
  const verdict = faults === 0 ? 'verified' : `${faults} FAULTS`;
  printLine(
    `${isoTime(time)}\tround ${round}\t${nameOf(OUTCOME, outcome)}\t${verdict}\thead ${head}\tblock ${block} ${blockHash}`,
  );
}

function tellFinding(study: StudyId, finding: Finding, json: boolean): void {
  const { code, severity, what, implicated } = finding;
  if (json) printNote(JSON.stringify({ study, finding }));
  else printNote(`${severity} ${code}: ${what} (${implicated})`);
}

async function readState(file: string, study: StudyId): Promise<WatchState> {
  const bytes = await readInput(file).catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw thrown;
  });
  if (bytes === null) return firstLook(study);
  const state = checkDocument(`watch state ${file}`, watchStateSchema, parseJson(bytes)) as WatchState;
  if (state.study === study) return state;
  throw new SyndicError('WRONG_STUDY', `${file} is of study ${state.study}: give each study a file of its own`, {
    file,
  });
}

/** Heads that others published; findings among the lines are passed over. */
async function publishedAt(place: string): Promise<SeenHead[]> {
  const text = Buffer.from(/^https?:\/\//.test(place) ? await fetched(place) : await readInput(place)).toString('utf8');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, i) => checkDocument(`line ${i + 1} of ${place}`, seenSchema, parseJson(Buffer.from(line))));
}

async function fetched(place: string): Promise<Uint8Array> {
  const answer = await ask(place, {});
  return new Uint8Array(await answer.arrayBuffer());
}

async function post(url: URL, body: object): Promise<void> {
  await ask(url.href, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

async function ask(place: string, init: RequestInit): Promise<Response> {
  const { origin } = new URL(place);
  const answer = await fetch(place, { ...init, signal: AbortSignal.timeout(PATIENCE) }).catch((cause: unknown) => {
    throw new SyndicError('ARTIFACTS_UNAVAILABLE', `${origin} does not answer: check the address`, {}, { cause });
  });
  if (answer.ok) return answer;
  throw new SyndicError('ARTIFACTS_UNAVAILABLE', `${origin} answers ${answer.status}: check the address`, {});
}

function urlArgument(text: string): URL {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return new URL(text);
  throw new InvalidArgumentError('give an http or https URL');
}

function placesArgument(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
