import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RandomStream } from '../../core/random/RandomStream.ts';
import { dependence, type Measured, NOISE, rules, type SiteDependence } from './dependence.ts';
import { type Levels, type SiteSummary, type Spread, summaries } from './summaries.ts';

/** The columns of the UCI files, in their order; the last is the diagnosis. */
const COLUMNS = [
  'age',
  'sex',
  'cp',
  'trestbps',
  'chol',
  'fbs',
  'restecg',
  'thalach',
  'exang',
  'oldpeak',
  'slope',
  'ca',
  'thal',
  'num',
] as const;

type Table = Record<(typeof COLUMNS)[number], (number | '?')[]>;

/** A site's rows before they get units: every column a standard normal, worse upwards or downwards as its rule says. */
interface Latent {
  readonly columns: Readonly<Record<Measured, Float64Array>>;
  /** Decides about the diagnosis. */
  readonly score: Float64Array;
}

const NOTICE = `The files in this folder are synthetic. They were generated from rounded, published column summaries of the UCI Heart
Disease data set. Nothing learned from them says anything about patients.
`;

/**
 * Writes `processed.{cleveland,hungarian,switzerland,va}.data` in the schema of the UCI Heart Disease files (14
 * columns separated by commas, no header, `?` where missing), and a `SYNTHETIC.txt` that says what they are. Sizes,
 * column summaries and missing values are about those of the real files; every row is drawn. The same seed gives the
 * same bytes on every machine.
 *
 * @param seed whole number, 0 … 2^53 − 1
 * @param dir made when it is not there; files of these names in it are replaced
 */
export async function generateStandIn(seed: number, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const [name, text] of standInFiles(seed)) await writeFile(join(dir, name), text);
  await writeFile(join(dir, 'SYNTHETIC.txt'), NOTICE);
}

/** The four files' text by their names. */
export function standInFiles(seed: number): Map<string, string> {
  return new Map(
    summaries.map((site, i) => {
      const rows = siteRows(site, RandomStream.of(seed, 'standin', i + 1));
      return [`processed.${site.name}.data`, `${rows.join('\n')}\n`];
    }),
  );
}

function siteRows(site: SiteSummary, stream: RandomStream): string[] {
  const count = site.diagnosis.reduce((sum, rows) => sum + rows, 0);
  const hang = dependence[site.name];
  if (hang === undefined) throw new RangeError(`nothing says how the columns of ${site.name} hang together`);
  const table = tableOf(site, drawLatent(count, hang, stream));
  forget(table, site, count, stream);
  return Array.from({ length: count }, (_, row) => COLUMNS.map((column) => String(table[column][row])).join(','));
}

function drawLatent(count: number, { share, correlation }: SiteDependence, stream: RandomStream): Latent {
  const zeros = () => new Float64Array(count);
  const columns = Object.fromEntries(rules.map(({ column }) => [column, zeros()])) as Record<Measured, Float64Array>;
  const score = zeros();
  const apart = Math.sqrt(1 - correlation * correlation);
  for (let row = 0; row < count; row++) {
    const exercise = stream.normal();
    const causes = { exercise, resting: correlation * exercise + apart * stream.normal() };
    let total = NOISE * stream.normal();
    for (const { column, cause, weight, sign } of rules) {
      const value = Math.sqrt(share[cause]) * causes[cause] + Math.sqrt(1 - share[cause]) * stream.normal();
      columns[column][row] = sign * value;
      total += weight * value;
    }
    score[row] = total;
  }
  return { columns, score };
}

/** Gives the drawn columns the site's units and levels, and each row its diagnosis. */
function tableOf(site: SiteSummary, { columns, score }: Latent): Table {
  const measured = (column: Measured, spread: Spread, decimals = 0) => scaled(columns[column], spread, decimals);
  const levelled = (column: Measured, levels: Levels) => byRank(columns[column], inRows(levels, score.length));
  return {
    age: measured('age', site.age),
    sex: levelled('sex', site.sex),
    cp: levelled('cp', site.cp),
    trestbps: measured('trestbps', site.trestbps),
    chol: site.chol === null ? Array.from(score, () => 0) : measured('chol', site.chol),
    fbs: levelled('fbs', site.fbs),
    restecg: levelled('restecg', site.restecg),
    thalach: measured('thalach', site.thalach),
    exang: levelled('exang', site.exang),
    oldpeak: measured('oldpeak', site.oldpeak, 1),
    slope: levelled('slope', site.slope),
    ca: levelled('ca', site.ca),
    thal: levelled('thal', site.thal),
    num: byRank(
      score,
      site.diagnosis.map((rows, level) => ({ level, rows })),
    ),
  };
}

function scaled(values: Float64Array, { mean, sd, min, max }: Spread, decimals: number): number[] {
  const unit = 10 ** decimals;
  return Array.from(values, (value) => Math.round(Math.min(max, Math.max(min, mean + sd * value)) * unit) / unit);
}

function inRows(levels: Levels, count: number): { level: number; rows: number }[] {
  return levels.map(({ level, percent }) => ({ level, rows: (percent * count) / 100 }));
}

/** The lowest values get the first level, and so on: every level has its number of rows, whatever was drawn. */
function byRank(values: Float64Array, levels: readonly { level: number; rows: number }[]): number[] {
  const order = Array.from(values, (value, row) => ({ value, row })).sort((a, b) => a.value - b.value);
  const given = new Array<number>(values.length).fill(levels.at(-1)?.level ?? 0);
  let upTo = 0;
  let at = 0;
  for (const { level, rows } of levels) {
    upTo += rows;
    for (const { row } of order.slice(at, Math.round(upTo))) given[row] = level;
    at = Math.round(upTo);
  }
  return given;
}

/** Takes values out, as they are missing at the site; which rows lack them is drawn. */
function forget(table: Table, site: SiteSummary, count: number, stream: RandomStream): void {
  const order = Array.from({ length: count }, (_, row) => row);
  stream.shuffle(order);
  let at = 0;
  for (const { rows, columns } of site.missingTogether) {
    for (const row of order.slice(at, at + rows)) for (const column of columns) table[column][row] = '?';
    at += rows;
  }
  // Not measured, yet written as a number: what a site that takes part must expect of another's data.
  const unmeasured = order.slice(at, at + Math.round((site.cholZero * count) / 100));
  for (const row of unmeasured) table.chol[row] = 0;
  for (const column of ['slope', 'ca', 'thal'] as const) {
    stream.shuffle(order);
    for (const row of order.slice(0, site.missingAlone[column])) table[column][row] = '?';
  }
}
