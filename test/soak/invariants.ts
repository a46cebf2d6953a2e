import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forge } from '../../contracts/forge.ts';
import { provenance } from './run.ts';

const SUMMARY = join(import.meta.dirname, '../../docs/soak/invariants.md');

/**
 * The contracts' invariants over many long random histories: runs (the first argument; default 1,000) of so many calls
 * (the second; default 50), beside the short profile of `npm run contracts`.
 */
export async function invariants([runs = '1000', depth = '50']: readonly string[]): Promise<void> {
  const began = provenance();
  const start = performance.now();
  Object.assign(process.env, { FOUNDRY_INVARIANT_RUNS: runs, FOUNDRY_INVARIANT_DEPTH: depth });
  const held = forge('test', '--match-path', 'test/Invariants.t.sol');
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const lines = [
    '# Invariants of the contracts, longer',
    '',
    `${began}. \`npm run soak -- invariants ${runs} ${depth}\`: ${runs} random`,
    `histories of ${depth} calls each, for every invariant of \`contracts/test/Invariants.t.sol\`:`,
    `${held ? 'all hold' : '**one is broken**'} (${seconds} s).`,
  ];
  writeFileSync(SUMMARY, `${lines.join('\n')}\n`);
  if (!held) process.exitCode = 1;
}
