import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';

/** FLamby's centers 0 … 3, by the names of their files. */
export const CENTERS = ['cleveland', 'hungarian', 'switzerland', 'va'] as const;

/** Positions of rows in a site's source file, from 0, ascending. */
export interface SitePositions {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * FLamby's own train/test split as each site's file of row positions, `<outDir>/<center>.json`: what a plan with
 * `split: {kind: file}` wants. The split is read from the columns `set`, `center` and `row_in_file` of
 * `flamby_preprocessed_unnormalised.csv`.
 *
 * @returns the paths written, by center
 * @throws SyndicError NOT_FOUND when there is no such CSV; DATA_INVALID when a column or a value is not as above
 */
export async function writeFlambySplit(csvPath: string, outDir: string): Promise<Record<string, string>> {
  const text = await readFile(csvPath, 'utf8').catch((cause: unknown) => {
    throw new SyndicError('NOT_FOUND', `there is no CSV that can be read at ${csvPath}`, { path: csvPath }, { cause });
  });
  const positions = flambyPositions(text);
  await mkdir(outDir, { recursive: true });
  const paths: Record<string, string> = {};
  for (const [center, split] of positions) {
    const path = join(outDir, `${center}.json`);
    await writeFile(path, `${JSON.stringify(split)}\n`);
    paths[center] = path;
  }
  return paths;
}

/** The same from the CSV's text, without writing. @throws SyndicError DATA_INVALID */
export function flambyPositions(csv: string): Map<string, SitePositions> {
  const [header = '', ...lines] = csv.split(/\r?\n/).filter((line) => line !== '');
  const names = header.split(',');
  const at = { set: names.indexOf('set'), center: names.indexOf('center'), row: names.indexOf('row_in_file') };
  for (const [name, index] of Object.entries(at)) {
    if (index < 0) throw malformed(`there is no column ${name === 'row' ? 'row_in_file' : name}`);
  }
  const sites = new Map(CENTERS.map((center) => [center, { train: [] as number[], test: [] as number[] }]));
  lines.forEach((line, i) => {
    const fields = line.split(',');
    const center = CENTERS[Number(fields[at.center])];
    const set = fields[at.set];
    const row = Number(fields[at.row]);
    const site = center === undefined ? undefined : sites.get(center);
    if (site === undefined || (set !== 'train' && set !== 'test') || !Number.isSafeInteger(row) || row < 0) {
      throw malformed(`line ${i + 2} has no known set, center or row_in_file`);
    }
    site[set].push(row);
  });
  for (const [center, { train, test }] of sites) {
    train.sort((a, b) => a - b);
    test.sort((a, b) => a - b);
    if (new Set([...train, ...test]).size < train.length + test.length) throw malformed(`${center} names a row twice`);
  }
  return new Map(sites);
}

function malformed(what: string): SyndicError {
  return new SyndicError('DATA_INVALID', `not FLamby's preprocessed heart disease table: ${what}`);
}
