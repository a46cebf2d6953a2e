/**
 * All that must hold of the contracts: format, compiler, tests, gas figures, and `generated/` as the sources make it.
 * Says on stderr what does not hold and what to do about it; exits with 1 then.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { CONTRACTS, forge } from './forge.ts';
import { renderContracts } from './render.ts';

/** The generated files that are missing or are not what the last build makes. */
function drifted(): string[] {
  return [...renderContracts()]
    .filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text)
    .map(([path]) => relative(CONTRACTS, path));
}

function check(): string[] {
  const faults: string[] = [];
  if (!forge('fmt', '--check')) faults.push('the Solidity files are not formatted: run forge fmt in contracts/');
  if (!forge('build')) return [...faults, 'the contracts do not compile: see above'];
  const stale = drifted();
  if (stale.length > 0) faults.push(`out of date: ${stale.join(', ')}: run node contracts/generate.ts`);
  // Gas figures are compared by the tests that measure them.
  if (!forge('test')) {
    faults.push('a contract test failed, or gas changed (if that is meant, run node contracts/generate.ts --gas)');
  }
  return faults;
}

const faults = check();
for (const fault of faults) console.error(`contracts: ${fault}`);
if (faults.length > 0) process.exitCode = 1;
