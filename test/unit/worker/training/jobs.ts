import { RandomStream } from '../../../../core/random/RandomStream.ts';
import { encodeFile, type NamedTensor } from '../../../../core/tensors/file.ts';
import { round, slot } from '../../../../core/values.ts';
import type { Rows } from '../../../../worker/data/port.ts';
import type { TrainingJob } from '../../../../worker/training/port.ts';
import { logistic, testPlan } from '../data/plans.ts';

/** Seeded rows whose label leans on the first feature. */
export function someRows(rows: number, features: number, seed = 1): Rows {
  const stream = RandomStream.of(seed, 'test');
  const x = Float32Array.from({ length: rows * features }, () => stream.normal());
  const y = Float32Array.from({ length: rows }, (_, i) => ((x[i * features] ?? 0) + stream.normal() > 0 ? 1 : 0));
  return { rows, x, y };
}

/** A model file of `logistic(features)`. */
export function modelFile(kernel: ArrayLike<number>, bias: number): Uint8Array {
  return encodeFile(modelTensors(kernel, bias));
}

export function modelTensors(kernel: ArrayLike<number>, bias: number): NamedTensor[] {
  return [
    { name: 'output/kernel', shape: [kernel.length, 1], data: Float32Array.from(kernel) },
    { name: 'output/bias', shape: [1], data: Float32Array.of(bias) },
  ];
}

export function someJob(more: Partial<TrainingJob> = {}): TrainingJob {
  const features = 5;
  return {
    plan: testPlan({ model: logistic(features) }),
    slot: slot(2),
    round: round(1),
    baseModel: modelFile([0.1, -0.2, 0.3, 0, 0.05], 0.02),
    data: { train: someRows(41, features), test: someRows(60, features, 2), features },
    ...more,
  };
}
