import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provenance, runModule } from './run.ts';

const root = join(import.meta.dirname, '../..');

/** Milliseconds that one property may take, however many its cases. */
const TIMEOUT = 3_600_000;

interface Results {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly duration: number;
    }[];
  }[];
}

/**
 * Every fuzz test with many cases (the first argument; default 2,000) from a seed drawn now (or the second), one file
 * after the other.
 */
export async function fuzz([cases = '2000', seed = String(randomInt(2 ** 31))]: readonly string[]): Promise<void> {
  const began = provenance();
  const folder = mkdtempSync(join(tmpdir(), 'syndic-soak-fuzz-'));
  const lines: string[] = [];
  try {
    for (const file of readdirSync(join(root, 'test/fuzz')).filter((name) => name.endsWith('.test.ts'))) {
      const results = join(folder, file);
      const environment = { SYNDIC_FUZZ_RUNS: cases, SYNDIC_FUZZ_SEED: seed };
      const args = [
        '--runInBand',
        `--testTimeout=${TIMEOUT}`,
        '--json',
        `--outputFile=${results}`,
        `test/fuzz/${file}`,
      ];
      const { code } = await runModule('jest/bin/jest.js', args, environment);
      if (code !== 0) process.exitCode = 1;
      lines.push(...linesOf(file, JSON.parse(readFileSync(results, 'utf8'))));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const head = [
    '# Fuzzing, longer',
    '',
    `${began}. \`npm run soak -- fuzz ${cases} ${seed}\`: ${cases} cases a property, from seed ${seed}.`,
    '',
    '| file | property | result | seconds |',
    '| ---- | -------- | ------ | ------- |',
  ];
  writeFileSync(join(root, 'docs/soak/fuzz.md'), `${[...head, ...lines].join('\n')}\n`);
}

function linesOf(file: string, results: Results): string[] {
  return results.testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(
      ({ fullName, status, duration }) =>
        `| \`${file.replace('.test.ts', '')}\` | ${fullName} | ${status} | ${Math.round((duration ?? 0) / 1000)} |`,
    ),
  );
}
