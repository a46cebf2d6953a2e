import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../../../../core/plan/Plan.ts';
import { dataDir } from '../../../support/dataDir.ts';
import { column, logistic, testPlan } from './plans.ts';

/** In FLamby's order of centres; slot = index + 1. */
export const sites = ['cleveland', 'hungarian', 'switzerland', 'va'] as const;

export function heartFile(site: (typeof sites)[number]): string {
  return join(dataDir, 'heart', `processed.${site}.data`);
}

const columns = [
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
];
const numbers = ['age', 'sex', 'trestbps', 'chol', 'fbs', 'thalach', 'exang', 'oldpeak'];

/** FLamby's Fed-Heart-Disease recipe (du Terrail et al., NeurIPS 2022, section 4 and appendix). */
export function heartPlan(more: Partial<Plan> = {}): Plan {
  const base = testPlan();
  return testPlan({
    seed: 0,
    model: logistic(13, {
      class_name: 'RandomUniform',
      config: { minval: -1 / Math.sqrt(13), maxval: 1 / Math.sqrt(13) },
    }),
    data: {
      ...base.data,
      columns: columns.map((name) => column(name)),
      features: [
        ...numbers.map((name) => ({ column: name, encode: 'number' as const })),
        { column: 'cp', encode: 'onehot', levels: [1, 2, 3, 4], drop: 'first' },
        { column: 'restecg', encode: 'onehot', levels: [0, 1, 2], drop: 'first' },
      ],
      normalise: { kind: 'zscore', ddof: 1, epsilon: 1e-9 },
      label: { column: 'num', kind: 'binary', above: 0 },
    },
    split: { kind: 'file' },
    training: { ...base.training, optimizer: { name: 'sgd', learningRate: 0.001 }, batchSize: 4, localSteps: 100 },
    rounds: 15,
    ...more,
  });
}

export interface ReferenceRow {
  readonly position: number;
  readonly center: number;
  readonly set: 'train' | 'test';
  readonly x: readonly number[];
  readonly y: number;
}

/** FLamby's own 740 rows, before normalisation. */
export function referenceRows(): ReferenceRow[] {
  const lines = readFileSync(join(dataDir, 'heart', 'flamby_preprocessed_unnormalised.csv'), 'utf8')
    .trim()
    .split('\n');
  return lines.slice(1).map((line) => {
    const [position, center, set, ...rest] = line.split(',');
    const x = rest.map(Number);
    const y = x.pop() ?? Number.NaN;
    return { position: Number(position), center: Number(center), set: set === 'train' ? 'train' : 'test', x, y };
  });
}

/** FLamby's split of one centre, as a site's split file would have it. */
export function referenceSplit(center: number): { train: number[]; test: number[] } {
  const rows = referenceRows().filter((row) => row.center === center);
  const of = (set: 'train' | 'test') => rows.filter((row) => row.set === set).map((row) => row.position);
  return { train: of('train'), test: of('test') };
}
