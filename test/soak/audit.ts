import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { startWorld, type World } from '../integration/chain/world.ts';
import { MEMBERS } from '../support/audit/histories.ts';
import { type Tally, verifierProperty } from '../support/audit/verifierProperty.ts';
import { provenance } from './run.ts';

const SUMMARY = join(import.meta.dirname, '../../docs/soak/audit.md');
/** Of each history. */
const EFFORT = { anywhere: 200, inFiles: 20 };
/** Histories that one chain holds: its clock runs ahead of the members' with every round. */
const PER_CHAIN = 20;

/**
 * The property of the verifier for so many minutes (the first argument; default 10), from a seed drawn now (or the
 * second): honest histories, each with a change at every boundary of its bundle and many more anywhere.
 */
export async function audit([minutes = '10', seed = String(randomInt(2 ** 31))]: readonly string[]): Promise<void> {
  const began = provenance();
  const tally: Tally = new Map();
  let world: World | null = null;
  let played = 0;
  const chain = async () => {
    if (played++ % PER_CHAIN === 0) {
      await world?.stop();
      world = await startWorld({ members: MEMBERS });
    }
    console.log(`history ${played}: ${[...tally].map(([what, times]) => `${what} ${times}`).join(', ')}`);
    return world as World;
  };
  try {
    const result = await fc.check(verifierProperty(chain, { ...EFFORT, seed: Number(seed) }, tally), {
      ...{ seed: Number(seed), numRuns: 1_000_000, markInterruptAsFailure: false },
      interruptAfterTimeLimit: Number(minutes) * 60_000,
    });
    const failed = result.failed ? String(result.errorInstance ?? fc.defaultReportMessage(result)) : null;
    if (failed !== null) {
      process.exitCode = 1;
      console.error(fc.defaultReportMessage(result), failed);
    }
    writeFileSync(SUMMARY, summaryOf({ began, minutes, seed, tally, failed }));
  } finally {
    await (world as World | null)?.stop();
  }
}

function summaryOf(run: { began: string; minutes: string; seed: string; tally: Tally; failed: string | null }): string {
  const { began, minutes, seed, tally, failed } = run;
  const lines = [
    '# The verifier, longer',
    '',
    `${began}. \`npm run soak -- audit ${minutes} ${seed}\`: honest histories of small studies, each exported; a change of one`,
    `byte at every boundary of each bundle, ${EFFORT.anywhere} anywhere in it, and ${EFFORT.inFiles} in files beside it.`,
    failed === null ? 'Every history was accepted, and every change rejected.' : `**Failed**: ${failed}`,
    '',
    '| what came of it | times |',
    '| --------------- | ----- |',
    ...[...tally].sort(([a], [b]) => a.localeCompare(b)).map(([what, times]) => `| ${what} | ${times} |`),
  ];
  return `${lines.join('\n')}\n`;
}
