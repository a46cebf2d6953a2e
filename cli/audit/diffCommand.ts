import { Command } from 'commander';
import { decodeBundle, openBundle } from '../../audit/bundle.ts';
import { diffReports } from '../../audit/diff.ts';
import type { Report } from '../../audit/verify.ts';
import { verifyBundle } from '../../audit/verifyBundle.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { readInput } from '../files.ts';
import { printJson, printNote, printTable } from '../output.ts';

export function diffCommand(): Command {
  return new Command('diff')
    .description('compare two bundles of one study: one must begin as the other does; exits with 9 when they conflict')
    .argument('<a>', 'what `audit export` wrote')
    .argument('<b>', 'another, of another time or node')
    .option('--json', 'print JSON')
    .action(async (a: string, b: string, options: { readonly json?: boolean }) => {
      const diff = diffReports(await reportOf(a), await reportOf(b));
      if (options.json) printJson(diff);
      else {
        printNote(diff.relation === 'same' ? 'both tell the same history' : `the bundles: ${diff.relation}`);
        printTable(
          ['round', 'what', 'a', 'b'],
          diff.differences.map((one) => [one.round ?? '', one.what, one.a, one.b]),
        );
        for (const { code, what } of diff.onlyInA) printNote(`only in a: ${code}: ${what}`);
        for (const { code, what } of diff.onlyInB) printNote(`only in b: ${code}: ${what}`);
      }
      if (diff.relation !== 'conflict') return;
      const message = 'the bundles tell two histories of one study: keep both, and show them to the other members';
      throw new SyndicError('AUDIT_FAILED', message, { differences: diff.differences.length });
    });
}

async function reportOf(file: string): Promise<Report> {
  return await verifyBundle(openBundle(decodeBundle(await readInput(file))));
}
