/**
 * Runs Slither (PyPI `slither-analyzer`) over the contracts. Whatever it finds has to be answered below; says on stderr
 * what is not, and which answers nothing asks for any more. Exits with 1 then, with 7 where there is no Slither.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { copyProject } from './projectCopy.ts';

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
    where: /^(Lanes\.isLive|DataUse\.(_grant|isLive)|Consortium\.completeRecovery|Verdicts\.late)\(/,
    because:
      'grants, recoveries and lateness are matters of hours and days; who makes blocks may shift one by seconds, and every member sees the time',
  },
  {
    check: 'timestamp',
    where: /^Consortium\.(isActive|_setKey|_cancelRecovery|_requireNew)\(/,
    because: 'what is compared with zero is an account, or whether a time is there at all: no moment is compared',
  },
  {
    check: 'incorrect-equality',
    where: /^Consortium\.isActive\(/,
    because: 'zero says that nobody suspended the member; nobody but the admin makes it something else',
  },
  {
    check: 'divide-before-multiply',
    where: /^Verdicts\.attestMany\(/,
    because: 'an odd length, whose half would lose a byte, is refused in the same condition',
  },
  {
    check: 'uninitialized-local',
    where: /^(RoundLedger\._recordEntries|Verdicts\.(attestMany|_attest))\(.*\.(walk|word) /,
    because: 'a struct in memory begins as zeros, which is what is meant',
  },
  {
    check: 'unused-return',
    where: /^Verdicts\.(_requireReceipt|_requireSigned|isFinal|_countAttested)\(/,
    because:
      'one answer has several parts, of which these need some; what a fault of a signature says besides is not told',
  },
  {
    check: 'calls-loop',
    where: /^Verdicts\.(_attestIn|_requireKey)\(/,
    because:
      'both ask contracts of ours that were fixed at deployment; a batch that is too long reverts for its sender alone',
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
];

const report = z.object({
  success: z.literal(true),
  results: z.object({ detectors: z.array(z.object({ check: z.string(), description: z.string() })).default([]) }),
});

type Finding = z.infer<typeof report>['results']['detectors'][number];

function findings(): Finding[] {
  const copy = copyProject('src');
  try {
    const written = join(copy.dir, 'report.json');
    const args = ['.', '--filter-paths', 'node_modules', '--json', written];
    const { error, stderr } = spawnSync('slither', args, { cwd: copy.dir, env: copy.env, encoding: 'utf8' });
    if (error !== undefined) throw error;
    // It goes on without what it could not read, and finds less.
    const unread = stderr.split('\n').filter((line) => line.startsWith('ERROR:Slither'));
    if (unread.length > 0) throw new Error(`Slither did not understand all: ${unread.slice(0, 5).join('; ')}`);
    try {
      return report.parse(JSON.parse(readFileSync(written, 'utf8'))).results.detectors;
    } catch (cause) {
      throw new Error(`Slither gave no report: ${stderr.slice(-2000)}`, { cause });
    }
  } finally {
    copy.remove();
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
