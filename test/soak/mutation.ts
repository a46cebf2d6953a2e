import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { provenance, runModule } from './run.ts';

const root = join(import.meta.dirname, '../..');
const summary = join(root, 'docs/soak/mutation.md');
const report = join(root, 'reports/mutation.json');

interface Mutant {
  readonly mutatorName: string;
  readonly status: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number } };
}

interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>;
}

/** `core/`'s own files, beside its folders. */
const LOOSE = '.';

/** Generated, and compared as text with what it is generated from. */
const GENERATED = '!core/aggregate/kernelCode.ts';

/**
 * StrykerJS over folders of `core/` (`.` for its own files; default: all), one after the other; fails under 85 % in any.
 * What earlier runs found of other folders stays in the summary, with its date and revision.
 */
export async function mutation(folders: readonly string[]): Promise<void> {
  const all = readdirSync(join(root, 'test/unit/core'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const chosen = folders.length > 0 ? folders : [LOOSE, ...all.map(({ name }) => name)];
  const head = [
    '# Mutation testing of `core/`',
    '',
    '`npm run mutation [FOLDER …]`. Found: a test of the folder’s own failed, or ran into its time limit. The vectors and the tests above `core/` find more.',
    'Mutants of what a module computes when it is loaded are left out: StrykerJS would run every test for each.',
    '',
  ];
  const sections = sectionsNow();
  for (const folder of chosen) {
    const environment = { SYNDIC_MUTATION_FOLDER: folder };
    // What an earlier run left must not pass for this one's.
    rmSync(report, { force: true });
    const { code } = await runModule(
      '@stryker-mutator/core/bin/stryker.js',
      ['run', '--mutate', `${posix.join('core', folder, folder === LOOSE ? '*.ts' : '**/*.ts')},${GENERATED}`],
      environment,
    );
    if (code !== 0) process.exitCode = 1;
    sections.set(folder, sectionOf(folder, JSON.parse(readFileSync(report, 'utf8'))));
    // After each: what is known is kept when the rest is broken off.
    const sorted = [...sections].toSorted(([a], [b]) => a.localeCompare(b)).map(([, text]) => text);
    writeFileSync(summary, `${[...head, ...sorted].join('\n')}\n`);
  }
}

/** What the summary says already, by folder. */
function sectionsNow(): Map<string, string> {
  const texts = readFileSync(summary, 'utf8')
    .split(/^(?=## )/m)
    .slice(1);
  return new Map(texts.map((text) => [/^## `core\/([a-z.]+)`/.exec(text)?.[1] ?? '', text.trimEnd().concat('\n')]));
}

function sectionOf(folder: string, { files }: Report): string {
  const mutants = Object.entries(files).flatMap(([file, of]) => of.mutants.map((mutant) => ({ file, ...mutant })));
  const count = (...states: string[]) => mutants.filter(({ status }) => states.includes(status)).length;
  const found = count('Killed', 'Timeout');
  const missed = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const score = (100 * found) / Math.max(1, found + missed.length);
  return [
    `## \`core/${folder}\`: ${score.toFixed(1)} %`,
    '',
    `${found} found, ${missed.length} not, ${count('Ignored')} left out. ${provenance()}.`,
    '',
    ...missed.map(
      ({ file, location, mutatorName, replacement = '' }) =>
        `- \`${file}:${location.start.line}\` ${mutatorName}: \`${replacement.replaceAll(/\s+/g, ' ').slice(0, 80)}\``,
    ),
    '',
  ].join('\n');
}
