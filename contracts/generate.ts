/**
 * Compiles the contracts and writes `generated/`: run it after every change to `src/`. With `--gas`, the gas figures
 * that `check.ts` compares are measured and written anew too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTRACTS, forge } from './forge.ts';
import { renderContracts } from './render.ts';

function generate(withGas: boolean): boolean {
  if (!forge('build', 'src')) return false;
  mkdirSync(join(CONTRACTS, 'generated'), { recursive: true });
  for (const [path, text] of renderContracts()) writeFileSync(path, text);
  return (
    !withGas || forge('test', '--match-contract', 'GasTest', '--gas-snapshot-check=false', '--gas-snapshot-emit=true')
  );
}

if (!generate(process.argv.includes('--gas'))) process.exitCode = 1;
