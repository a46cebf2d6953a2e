import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { CONTRACTS, forgeBinary } from '../../contracts/forge.ts';
import { copyProject, type ProjectCopy } from '../../contracts/projectCopy.ts';
import { provenance } from './run.ts';

/** RoundLedger, and what it is made of: members' verdicts on its rounds, and the libraries that do its work. */
const SUBJECTS = ['RoundLedger', 'Verdicts', 'lib/Studies', 'lib/Entries', 'lib/Rosters', 'lib/Lanes', 'lib/Heads'];

interface Answer {
  /** The file, and how the mutant reads: what was, an arrow, what is. */
  readonly file: string;
  readonly mutant: RegExp;
  readonly because: string;
}

const ANSWERS: readonly Answer[] = [
  {
    file: 'RoundLedger',
    mutant: /^\(?Studies\.(Progress|Opening) memory (progress|opening)\b.* ==> \(?Studies\.\1 storage \2\b/,
    because: 'the same words, read where they lie: nothing is written to them in between',
  },
  {
    file: 'RoundLedger',
    mutant: /^globalModel != baseModel ==> true$/,
    because: 'the model that stands already is stored again: the same, and dearer',
  },
  {
    file: 'RoundLedger',
    mutant: /^progress\.phase == Studies\.Phase\.Changing ==> (true|progress\.phase [<>]= Studies\.Phase\.Changing)$/,
    because: 'a roster to which nothing happened is taken over as it was: the same, and dearer',
  },
  {
    file: 'RoundLedger',
    mutant: /^progress\.phase (!=|==) Studies\.Phase\.Gathering ==> progress\.phase (>|<=) Studies\.Phase\.Gathering$/,
    because: 'Gathering is the first phase: nothing is below it',
  },
  {
    file: 'RoundLedger',
    mutant: /^bytes32 private constant OPEN_STUDY = .* ==> bytes32 private immutable OPEN_STUDY = /s,
    because: 'the same hash, kept in the code when it is deployed instead of when it is compiled',
  },
  {
    file: 'RoundLedger',
    mutant: /^progress\.outcome != 0 ==> progress\.outcome > 0$/,
    because: 'a number without a sign that is not zero is above it',
  },
  {
    file: 'lib/Studies',
    mutant: /^included != 0 ==> included > 0$/,
    because: 'a number without a sign that is not zero is above it',
  },
  {
    file: 'lib/Studies',
    mutant: /^progress\.phase == Phase\.Running ==> progress\.phase >= Phase\.Running$/,
    because: 'a study whose roster changes already stays one whose roster changes',
  },
];

/** All of its mutators but the one that puts a `revert()` in a statement's place: CR, which takes the statement away, asks more. */
const MUTATORS = 'AOR,ASOR,BOR,CR,FHR,LIR,LOR,MIA,MVIE,MVIV,MWA,ROR,SBR,UOR';
/**
 * Gas figures say what code costs, not whether it is right: a mutant must not be found by them. Tests that use a contract
 * are not compiled again with it; and they are built apart from where slither-mutate builds, which cleans first.
 */
const TEST =
  'FOUNDRY_OUT=out-test FOUNDRY_CACHE_PATH=cache-test FOUNDRY_DYNAMIC_TEST_LINKING=true forge test --no-match-contract Gas';
/** A mutant that runs for ever is found. */
const TEST_SECONDS = 180;
const SUMMARY = join(CONTRACTS, '../docs/soak/contracts-mutation.md');
const LOGGED = /^(INFO|WARNING|ERROR):/;
const OUTCOME =
  /^INFO:Slither-Mutate:\[(\w+)\] Line (\d+): '(.*)' ==> '(.*)' --> (CAUGHT|UNCAUGHT|COMPILATION FAILURE)$/s;

interface Mutant {
  readonly mutator: string;
  readonly line: number;
  readonly change: string;
}

interface Run {
  readonly found: number;
  readonly missed: readonly Mutant[];
}

/** Mutates one file in a copy of the project, which Forge compiles without its optimizer: some seconds a mutant. */
async function mutate(subject: string): Promise<Run> {
  const copy = copyProject('src', 'test');
  try {
    // slither-mutate has everything built anew for each mutant; Forge knows what changed.
    const programs = join(copy.dir, 'programs');
    mkdirSync(programs);
    const unlessClean = `#!/bin/sh\n[ "$1" = clean ] || exec "${forgeBinary()}" "$@"\n`;
    writeFileSync(join(programs, 'forge'), unlessClean, { mode: 0o755 });
    const env = {
      ...copy.env,
      PATH: [programs, copy.env.PATH].join(delimiter),
      FOUNDRY_OPTIMIZER: 'false',
      FOUNDRY_FUZZ_RUNS: '16',
      FOUNDRY_INVARIANT_RUNS: '2',
      FOUNDRY_INVARIANT_DEPTH: '40',
    };
    const args = [join('src', `${subject}.sol`), '--test-cmd', TEST, '--timeout', `${TEST_SECONDS}`];
    args.push('--mutators-to-run', MUTATORS, '--comprehensive', '-v', '--output-dir', join(copy.dir, 'mutants'));
    args.push('--compile-force-framework', 'foundry');
    const child = spawn('slither-mutate', args, { cwd: copy.dir, env, stdio: ['ignore', 'ignore', 'pipe'] });
    return lookAgain(subject, copy, await outcomes(subject, child));
  } finally {
    copy.remove();
  }
}

/**
 * Tests that are not compiled with a contract deploy it by a cheat code, and then an expected revert of a deployment is
 * not seen: what seems to live is tried once more with tests compiled with it.
 */
function lookAgain(subject: string, copy: ProjectCopy, { found, missed }: Run): Run {
  const source = join(copy.dir, 'src', `${subject}.sol`);
  const honest = readFileSync(source, 'utf8');
  const kept = join(copy.dir, 'mutants', basename(subject));
  const count = existsSync(kept) ? readdirSync(kept).length : 0;
  if (count !== missed.length) throw new Error(`${count} mutants of ${subject} live; ${missed.length} were read of`);
  const seen = new Map<string, number>();
  const left = missed.filter(({ mutator }) => {
    const index = seen.get(mutator) ?? 0;
    seen.set(mutator, index + 1);
    cpSync(join(kept, `${basename(subject)}_${mutator}_${index}.sol`), source);
    const env = { ...copy.env, FOUNDRY_OPTIMIZER: 'false' };
    const again = ['test', '--no-match-contract', 'Gas', '--fail-fast'];
    return spawnSync(forgeBinary(), again, { cwd: copy.dir, env, stdio: 'ignore' }).status === 0;
  });
  writeFileSync(source, honest);
  return { found: found + missed.length - left.length, missed: left };
}

async function outcomes(subject: string, child: ReturnType<typeof spawn>): Promise<Run> {
  const missed: Mutant[] = [];
  let found = 0;
  let last = '';
  if (child.stderr === null) throw new Error('slither-mutate has no stderr');
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  // What a mutant was may have several lines.
  for await (const line of createInterface({ input: child.stderr })) {
    last = LOGGED.test(line) ? line : `${last}\n${line}`;
    const [, mutator = '', at = '', was = '', is = '', outcome] = OUTCOME.exec(last) ?? [];
    if (outcome === 'CAUGHT') found++;
    if (outcome === 'UNCAUGHT')
      missed.push({ mutator, line: Number(at), change: `${was} ==> ${is}`.replaceAll(/\s+/g, ' ') });
    if (outcome !== undefined && outcome !== 'COMPILATION FAILURE') {
      console.log(`${subject}: ${found} found, ${missed.length} not; last: ${at} ${was} ==> ${is}`);
    }
  }
  const code = await ended;
  if (code !== 0 || found === 0) throw new Error(`slither-mutate ended with ${code} on ${subject}: ${last}`);
  return { found, missed };
}

const answerTo = (subject: string, { change }: Mutant) =>
  ANSWERS.find(({ file, mutant }) => file === subject && mutant.test(change));

function sectionOf(subject: string, { found, missed }: Run): string {
  return [
    `## \`${subject}\``,
    '',
    `${found} found, ${missed.length} not. ${provenance()}.`,
    '',
    ...missed.map((mutant) => {
      const because = answerTo(subject, mutant)?.because ?? '**not answered**';
      return `- line ${mutant.line}, ${mutant.mutator}: \`${mutant.change}\`: ${because}`;
    }),
    '',
  ].join('\n');
}

/** What the summary says already, by file. */
function sectionsNow(): Map<string, string> {
  const text = existsSync(SUMMARY) ? readFileSync(SUMMARY, 'utf8') : '';
  const texts = text.split(/^(?=## )/m).slice(1);
  return new Map(texts.map((section) => [/^## `([\w/]+)`/.exec(section)?.[1] ?? '', section.trimEnd().concat('\n')]));
}

const HEAD = `# Mutation testing of the contracts

\`npm run soak -- contracts [FILE …]\`: \`slither-mutate\` over the ledger and what it is made of. Found: a test failed, or ran into
its time limit; gas figures are left out, and fuzz and invariant tests run a few times only. A mutant that lives is answered in
\`test/soak/contracts.ts\`.
`;

/**
 * Mutation testing of the contracts with `slither-mutate` (PyPI `slither-analyzer`), one of `SUBJECTS` after the other
 * (default: all). Fails on a mutant that neither a test nor `ANSWERS` answers, and with 7 where there is no slither-mutate.
 */
export async function contracts(subjects: readonly string[]): Promise<void> {
  if (spawnSync('slither-mutate', ['--help']).error !== undefined) {
    console.error('there is no slither-mutate: pip install slither-analyzer');
    process.exitCode = 7;
    return;
  }
  for (const subject of subjects.length > 0 ? subjects : SUBJECTS) {
    const run = await mutate(subject);
    const open = run.missed.filter((mutant) => answerTo(subject, mutant) === undefined);
    for (const { line, change } of open) console.error(`not answered: ${subject}.sol:${line}: ${change}`);
    if (open.length > 0) process.exitCode = 1;
    const sections = sectionsNow().set(subject, sectionOf(subject, run));
    // After each: what is known is kept when the rest is broken off.
    const sorted = SUBJECTS.flatMap((name) => sections.get(name) ?? []);
    writeFileSync(SUMMARY, [HEAD, ...sorted].join('\n'));
  }
}
