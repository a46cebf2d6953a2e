// `node bloodCells.ts BACKEND STEPS`: trains a small convolutional network to tell red blood cells from others, and
// prints what came out as JSON. A process of its own: TensorFlow reads its settings once a process.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { initialModel } from '../../../core/model/initialModel.ts';
import { checkPlanValue } from '../../../core/plan/checkPlan.ts';
import { sha256 } from '../../../core/sha256.ts';
import { encodeFile } from '../../../core/tensors/file.ts';
import { round, slot } from '../../../core/values.ts';
import type { Rows } from '../../../worker/data/port.ts';
import type { TrainingResult } from '../../../worker/training/port.ts';
import { TfjsTrainer } from '../../../worker/training/tfjs.ts';
import { dataDir } from '../../support/dataDir.ts';
import { decodePng } from '../../support/png.ts';
import { standInPlan } from './demoPlan.ts';

export interface Trained {
  /** SHA-256 of the model file after training. */
  readonly digest: string;
  readonly runtime: TrainingResult['runtime'];
  readonly metrics: TrainingResult['metrics'];
  /** Share of the test rows that the more frequent class has. */
  readonly majority: number;
}

const SIDE = 32;
const WIDTH = SIDE * SIDE * 3;

function cells(split: string): Rows {
  const [, ...lines] = readFileSync(join(dataDir, 'blood', 'manifest.csv'), 'utf8')
    .trim()
    .split('\n');
  const rows = lines.map((line) => line.trim().split(',')).filter((fields) => fields[3] === split);
  const x = new Float32Array(rows.length * WIDTH);
  rows.forEach(([file = ''], i) => {
    const { pixels } = decodePng(readFileSync(join(dataDir, 'blood', file)));
    x.set(
      Float32Array.from(pixels, (value) => value / 255 - 0.5),
      i * WIDTH,
    );
  });
  return { rows: rows.length, x, y: Float32Array.from(rows, ([, cell]) => (cell === 'RBC' ? 1 : 0)) };
}

/** The example plan with a picture's numbers for columns and a small CNN for a model. */
function cellsPlan(localSteps: number) {
  const names = Array.from({ length: WIDTH }, (_, i) => `p${i}`);
  const written = standInPlan();
  return checkPlanValue({
    ...written,
    model: { kind: 'cnn', image: [SIDE, SIDE, 3], filters: [8, 16], dense: 16 },
    data: {
      ...written.data,
      columns: [...names.map((name) => ({ name, type: 'number' })), { name: 'red', type: 'number', levels: [0, 1] }],
      features: names.map((column) => ({ column, encode: 'number' })),
      normalise: { kind: 'none' },
      label: { column: 'red', kind: 'binary', above: 0 },
    },
    training: { ...written.training, optimizer: { name: 'sgd', learningRate: 0.05 }, batchSize: 32, localSteps },
  }).plan;
}

async function train(backend: 'native' | 'wasm', localSteps: number): Promise<Trained> {
  const plan = cellsPlan(localSteps);
  const data = { train: cells('train'), test: cells('test'), features: WIDTH };
  const trainer = new TfjsTrainer({ backend, nativeThreads: Number(process.env.TF_NUM_INTRAOP_THREADS ?? 2) });
  const job = { plan, slot: slot(1), round: round(1), baseModel: initialModel(plan), data };
  try {
    const { local, runtime, metrics } = await trainer.train(job);
    const red = data.test.y.reduce((sum, label) => sum + label, 0) / data.test.rows;
    return { digest: sha256(encodeFile(local)), runtime, metrics, majority: Math.max(red, 1 - red) };
  } finally {
    await trainer.close();
  }
}

const [, , backend, steps] = process.argv;
console.log(JSON.stringify(await train(backend === 'wasm' ? 'wasm' : 'native', Number(steps))));
