/**
 * Runs Slither (PyPI `slither-analyzer`) over the contracts. Whatever it finds has to be answered below; says on stderr
 * what is not, and which answers nothing asks for any more. Exits with 1 then, with 7 where there is no Slither.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import { CONTRACTS, forgeBinary } from './forge.ts';

interface Answer {
  readonly check: string;
  /** What a finding's description begins with. */
  readonly where: RegExp;
  readonly because: string;
}

const ANSWERS: readonly Answer[] = [
  {
    check: 'shadowing-local',
    where: /^IRoundLedger\.\w+\([^)]*\)\.study /,
    because: 'an interface has no bodies in which its argument could be taken for its getter of the same name',
  },
  {
    check: 'timestamp',
    where: /^Lanes\.isLive\(/,
    because:
      "a grant ends at a day's precision; who makes blocks may shift it by seconds, and every member sees the time",
  },
  {
    check: 'assembly',
    where:
      /^(Rosters\.list|Entries\.(_word|_recordGroup|record|_isMalformedInclusion|_isWellFormed)|Lanes\.(load|store))\(/,
    because:
      'words of packed slots, read and written whole; the invariants compare totals, rosters and grants with what events say',
  },
  {
    check: 'cyclomatic-complexity',
    where: /^Entries\._recordGroup\(/,
    because: 'one pass over a group of slots: split, each record would pay for the calls',
  },
  {
    check: 'naming-convention',
    where: /^Function IConsortium\.(AUDITOR|OPERATOR)_ROLE\(\)/,
    because: "roles are named as OpenZeppelin's AccessControl names them",
  },
  {
    check: 'unimplemented-functions',
    where: /^DataUse .* does not implement functions/,
    because: 'it implements them: the compiler would refuse to deploy it otherwise, and its tests call each',
  },
];

const report = z.object({
  success: z.literal(true),
  results: z.object({ detectors: z.array(z.object({ check: z.string(), description: z.string() })).default([]) }),
});

type Finding = z.infer<typeof report>['results']['detectors'][number];

function findings(): Finding[] {
  const dir = mkdtempSync(join(tmpdir(), 'syndic-slither-'));
  try {
    // It builds in its own way: not where our artifacts lie.
    const copy = join(dir, 'contracts');
    for (const part of ['src', 'bin', 'foundry.toml'])
      cpSync(join(CONTRACTS, part), join(copy, part), { recursive: true });
    symlinkSync(join(CONTRACTS, '..', 'node_modules'), join(dir, 'node_modules'));
    const programs = [join(dir, 'node_modules', '.bin'), dirname(forgeBinary()), process.env.PATH];
    const env = { ...process.env, PATH: programs.join(delimiter) };
    const args = ['.', '--filter-paths', 'node_modules', '--json', join(dir, 'report.json')];
    const { error, stderr } = spawnSync('slither', args, { cwd: copy, env, encoding: 'utf8' });
    if (error !== undefined) throw error;
    try {
      return report.parse(JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8'))).results.detectors;
    } catch (cause) {
      throw new Error(`Slither gave no report: ${stderr.slice(-2000)}`, { cause });
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

if (spawnSync('slither', ['--version']).error !== undefined) {
  console.error('there is no slither: pip install slither-analyzer');
  process.exitCode = 7;
} else {
  const found = findings();
  const isAnswered = ({ check, description }: Finding) =>
    ANSWERS.some((answer) => answer.check === check && answer.where.test(description));
  const open = found.filter((finding) => !isAnswered(finding));
  const idle = ANSWERS.filter(({ check, where }) => !found.some((f) => f.check === check && where.test(f.description)));
  for (const { check, description } of open) console.error(`not answered: ${check}: ${description.trim()}`);
  for (const { check, where } of idle) console.error(`answers nothing any more: ${check} ${where}`);
  console.log(`${found.length} findings of Slither, ${open.length} of them not answered`);
  if (open.length + idle.length > 0 || found.length === 0) process.exitCode = 1;
}
