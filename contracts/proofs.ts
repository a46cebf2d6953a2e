/**
 * Has solc's model checker (its engine for constrained Horn clauses, with the solver Z3: PyPI `z3-solver`) prove what
 * `proofs/StudyProofs.sol` claims of a study's counters. Says on stderr what it did not; exits with 1 then, with 7 where
 * there is no z3.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { CONTRACTS } from './forge.ts';

const PROOFS = ['RoundsProof', 'RosterProof'];
const FILE = 'StudyProofs.sol';
/** A bound of Z3's own steps: what it can prove depends on no clock. */
const STEPS = 200_000_000;
const LONGEST_ANSWER = 2 ** 30;

interface Solc {
  compile(input: string, callbacks: { readonly smtSolver: (query: string) => { readonly contents: string } }): string;
}

const remark = z.object({
  message: z.string(),
  formattedMessage: z.string(),
  sourceLocation: z.object({ file: z.string(), start: z.number(), end: z.number() }).optional(),
});
const output = z.object({ errors: z.array(remark) });

type Remark = z.infer<typeof remark>;

/** Replaces every occurrence. @throws Error when there is none: the source no longer looks as it is read here. */
function replace(text: string, pattern: RegExp, by: string): string {
  if (!pattern.test(text))
    throw new Error(`Studies.sol has nothing like ${pattern} any more: adapt contracts/proofs.ts`);
  return text.replace(pattern, by);
}

/** With what a call reverts is nothing to the checker, which takes a named error for a call that returns. */
function withoutErrors(text: string): string {
  return text.replace(/revert\s+[\w.]+\([^;]*\);/g, 'revert();');
}

/** One word of storage a field: the checker follows those where it loses track of memory behind references. */
function fieldsApart(text: string): string {
  return text.replace(/\bprogress\.(\w+)/g, 'progress_$1');
}

/** Constants as the numbers that they are, which the checker takes for variables of which nothing is known by itself. */
function withNumbers(text: string, library: string): string {
  const constants = [...library.matchAll(/uint\d+ internal constant (\w+) = ([\d_]+);/g)];
  const bare = text.replace(/uint\d+ internal constant [^;]*;/g, '');
  return constants.reduce((so, [, name, number]) => so.replace(new RegExp(`\\b${name}\\b`, 'g'), `${number}`), bare);
}

/** The library as a contract whose functions move the one `progress` that it has, instead of one they are given. */
function asContract(library: string): string {
  const [fields = ''] = /(?<=struct Progress \{)[^}]*/.exec(library) ?? [];
  const state = fields.replace(/(\w+) (\w+);/g, '$1 internal progress_$2;');
  let text = replace(library, /library Studies/g, 'abstract contract Studies');
  text = replace(text, /struct Progress \{[^}]*\}/g, state);
  const given = '\\(\\s*Progress memory progress(?:,\\s*)?([^)]*)\\)\\s*internal pure';
  text = replace(text, new RegExp(`${given} returns \\(Progress memory\\)`, 'g'), '($1) internal');
  text = replace(text, new RegExp(given, 'g'), '($1) internal view');
  text = replace(text, /return progress;/g, '');
  return fieldsApart(withoutErrors(withNumbers(replace(text, /import [^;]*;/g, ''), library)));
}

/** What the model checker says of one contract's asserts, and of the library's subtractions. */
function check(contract: string, proofs: string, library: string, dir: string): Remark[] {
  const modelChecker = {
    engine: 'chc',
    contracts: { [FILE]: [contract] },
    targets: ['assert', 'underflow'],
    solvers: ['smtlib2'],
    showProvedSafe: true,
    showUnproved: true,
    showUnsupported: true,
  };
  const sources = { [FILE]: { content: proofs }, 'Studies.sol': { content: library } };
  const settings = { evmVersion: 'london', outputSelection: { '*': { '*': [] } }, modelChecker };
  const smtSolver = (query: string) => {
    const path = join(dir, 'query.smt2');
    writeFileSync(path, query);
    const args = ['-smt2', `rlimit=${STEPS}`, path];
    const { error, stdout } = spawnSync('z3', args, { encoding: 'utf8', maxBuffer: LONGEST_ANSWER });
    if (error !== undefined) throw error;
    return { contents: stdout };
  };
  const solc = createRequire(import.meta.url)('solc') as Solc;
  const input = JSON.stringify({ language: 'Solidity', sources, settings });
  return output.parse(JSON.parse(solc.compile(input, { smtSolver }))).errors;
}

/** Proves one contract of the file, and says how that went. @returns whether everything came out as it must */
function prove(contract: string, dir: string): boolean {
  const studies = readFileSync(join(CONTRACTS, 'src', 'lib', 'Studies.sol'), 'utf8');
  const library = asContract(studies);
  const proofs = fieldsApart(withNumbers(readFileSync(join(CONTRACTS, 'proofs', FILE), 'utf8'), studies));
  const from = proofs.indexOf('function reaches', proofs.indexOf(`contract ${contract} `));
  const to = proofs.indexOf('}', from);
  const reached = ({ message, sourceLocation: at }: Remark) =>
    at?.file === FILE && at.start > from && at.end < to && message.startsWith('CHC: Assertion violation happens here');
  const proved = ({ message, sourceLocation: at }: Remark) =>
    /^CHC: .* check is safe!$/.test(message) && (at?.file !== FILE || at.end < from || at.start > to);
  const said = check(contract, proofs, library, dir);
  const rest = said.filter((one) => !reached(one) && !proved(one));
  for (const { formattedMessage } of rest) console.error(formattedMessage.replaceAll('progress_', 'progress.'));
  const [proofCount, reachCount] = [said.filter(proved).length, said.filter(reached).length];
  console.log(`${contract}: ${proofCount} proved, ${reachCount} shown to be reachable, ${rest.length} neither`);
  return rest.length === 0 && proofCount > 0 && reachCount > 0;
}

if (spawnSync('z3', ['--version']).error !== undefined) {
  console.error('there is no z3: pip install z3-solver');
  process.exitCode = 7;
} else {
  const dir = mkdtempSync(join(tmpdir(), 'syndic-proofs-'));
  try {
    for (const contract of PROOFS) if (!prove(contract, dir)) process.exitCode = 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
