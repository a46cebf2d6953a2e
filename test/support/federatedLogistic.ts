import type { Plan } from '../../core/plan/Plan.ts';
import { BatchSequence } from '../../core/random/batches.ts';
import { slot } from '../../core/values.ts';
import { encoder } from '../../worker/data/encode.ts';
import { scaleRows, scales } from '../../worker/data/normalise.ts';
import { splitRows } from '../../worker/data/split.ts';

/** Rows × features, row-major, and their labels. */
export interface Part {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export interface Site {
  readonly slot: number;
  readonly train: Part;
  readonly test: Part;
}

/** What a model does on rows: the share it gets right at 0.5, and its mean cross-entropy. */
export interface Score {
  readonly accuracy: number;
  readonly loss: number;
}

/** A site's CSV text as the plan makes arrays of it: encoded, split by the plan's fraction, scaled by its own train rows. */
export function readSite(csv: string, plan: Plan, number: number): Site {
  const { names, encode } = encoder(plan.data);
  const missing = new Set(['', ...plan.data.format.missing]);
  const rows = csv
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const cells = line.split(',').map((field) => (missing.has(field) ? null : Number(field)));
      const row = encode(cells);
      if (row.kind === 'fault') throw new Error(`a row does not fit the plan: ${JSON.stringify(row.fault)}`);
      return row.kind === 'row' ? [row] : [];
    });
  const positions = rows.map((_, i) => i);
  const kept = { count: rows.length, positions, marks: [], sourceRows: rows.length, positionsKnown: true };
  const split = splitRows(plan, slot(number), kept, null);
  const x = { values: Float64Array.from(rows.flatMap((row) => row.x)), columns: names.length };
  const by = scales(x, split.train, plan.data.normalise);
  const part = (wanted: readonly number[]): Part => {
    const scaled = new Float32Array(wanted.length * names.length);
    scaleRows(x, wanted, by, scaled);
    return { x: scaled, y: Float32Array.from(wanted, (row) => rows[row]?.y ?? Number.NaN) };
  };
  return { slot: number, train: part(split.train), test: part(split.test) };
}

/** Weights of a logistic regression: one a feature, then the bias. */
type Weights = Float64Array;

function probability(weights: Weights, x: Float32Array, row: number): number {
  const width = weights.length - 1;
  let sum = weights[width] ?? 0;
  for (let j = 0; j < width; j++) sum += (weights[j] ?? 0) * (x[row * width + j] ?? 0);
  return 1 / (1 + Math.exp(-sum));
}

/** Plain stochastic gradient descent on the cross-entropy, over batches `from` … `from + steps − 1` of the site. */
function train(
  start: Weights,
  { x, y }: Part,
  batches: BatchSequence,
  from: number,
  steps: number,
  rate: number,
): Weights {
  const weights = start.slice();
  const width = weights.length - 1;
  for (let t = from; t < from + steps; t++) {
    const rows = batches.batch(t);
    const gradient = new Float64Array(weights.length);
    for (const row of rows) {
      const error = probability(weights, x, row) - (y[row] ?? 0);
      for (let j = 0; j < width; j++) gradient[j] = (gradient[j] ?? 0) + error * (x[row * width + j] ?? 0);
      gradient[width] = (gradient[width] ?? 0) + error;
    }
    for (let j = 0; j <= width; j++) weights[j] = (weights[j] ?? 0) - (rate * (gradient[j] ?? 0)) / rows.length;
  }
  return weights;
}

/** The plan's recipe, by all sites together and by each alone for as many steps, from the same start. */
export function trainAll(sites: readonly Site[], plan: Plan, start: Weights): { together: Weights; alone: Weights[] } {
  const { batchSize, localSteps, optimizer } = plan.training;
  const batches = sites.map((site) => new BatchSequence(plan.seed, site.slot, site.train.y.length, batchSize));
  const run = (from: Weights, at: number, first: number, steps: number): Weights => {
    const [site, sequence] = [sites[at], batches[at]];
    if (site === undefined || sequence === undefined) throw new RangeError(`no site ${at}`);
    return train(from, site.train, sequence, first, steps, optimizer.learningRate);
  };
  const total = sites.reduce((sum, site) => sum + site.train.y.length, 0);
  let together = start;
  for (let round = 0; round < plan.rounds; round++) {
    const locals = sites.map((_, at) => run(together, at, round * localSteps, localSteps));
    together = start.map((_, j) =>
      locals.reduce((sum, local, at) => sum + ((local[j] ?? 0) * (sites[at]?.train.y.length ?? 0)) / total, 0),
    );
  }
  return { together, alone: sites.map((_, at) => run(start, at, 0, plan.rounds * localSteps)) };
}

/** On the test rows of all sites, each site's scaled by its own training rows. */
export function scoreOnPooled(weights: Weights, sites: readonly Site[]): Score {
  let [right, loss, count] = [0, 0, 0];
  for (const { test } of sites) {
    test.y.forEach((label, row) => {
      const p = probability(weights, test.x, row);
      if (p > 0.5 === (label === 1)) right += 1;
      loss -= Math.log(label === 1 ? p : 1 - p);
      count += 1;
    });
  }
  return { accuracy: right / count, loss: loss / count };
}
