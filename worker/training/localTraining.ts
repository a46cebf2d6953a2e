import * as tf from '@tensorflow/tfjs-core';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { MetricSet } from '../../core/manifest/Report.ts';
import type { TrainingPlan } from '../../core/plan/Plan.ts';
import { BatchSequence } from '../../core/random/batches.ts';
import { firstNotFinite } from '../../core/tensors/floats.ts';
import type { Rows } from '../data/port.ts';
import { evaluate } from './evaluate.ts';
import { PlannedModel } from './layersModel.ts';
import { EPSILON } from './loss.ts';
import type { EvaluationJob, TrainingJob, TrainingResult } from './port.ts';

/** Rows a forward pass of evaluation takes at once. */
const EVALUATION_ROWS = 1024;

/** A round's local work on TensorFlow.js's current backend, in this thread. See `Trainer.train`. */
export async function trainLocally(
  job: TrainingJob,
  onStep: (step: number, total: number) => void,
): Promise<Omit<TrainingResult, 'runtime'>> {
  const { plan, data } = job;
  const model = await PlannedModel.build(plan.model);
  try {
    model.load(job.baseModel);
    const shape = rowShape(model, data.features);
    const before = metrics(model, data.test, shape, plan.minCell);
    const steps = runSteps(model, shape, job, onStep);
    const local = model.tensors();
    if (local.some((tensor) => firstNotFinite(tensor.data) !== null)) {
      throw new SyndicError(
        'TRAINING_FAILED',
        `the model is no longer finite after ${steps} steps: training diverged; the plan's learning rate may be too high for this site's data`,
        { steps },
      );
    }
    return { local, steps, metrics: { before, after: metrics(model, data.test, shape, plan.minCell) } };
  } finally {
    model.dispose();
  }
}

/** See `Trainer.evaluate`. */
export async function evaluateLocally(job: EvaluationJob): Promise<MetricSet> {
  const model = await PlannedModel.build(job.plan.model);
  try {
    model.load(job.model);
    return metrics(model, job.data.test, rowShape(model, job.data.features), job.plan.minCell);
  } finally {
    model.dispose();
  }
}

function runSteps(
  model: PlannedModel,
  shape: number[],
  job: TrainingJob,
  onStep: (step: number, total: number) => void,
): number {
  const { localSteps, batchSize } = job.plan.training;
  const { train } = job.data;
  const batches = new BatchSequence(job.plan.seed, job.slot, train.rows, batchSize);
  const optimizer = makeOptimizer(job.plan.training);
  const variables = model.variables;
  const full = batchSize === 'full' ? toBatch(train, null, shape) : null;
  try {
    for (let step = 0; step < localSteps; step += 1) {
      tf.tidy(() => {
        const rows = batches.batch((job.round - 1) * localSteps + step);
        const { x, y } = full ?? toBatch(train, rows, shape);
        optimizer.minimize(() => batchLoss(model.apply(x, true), y), false, variables);
      });
      onStep(step + 1, localSteps);
    }
    return localSteps;
  } finally {
    optimizer.dispose();
    full?.x.dispose();
    full?.y.dispose();
  }
}

function makeOptimizer(training: TrainingPlan): tf.Optimizer {
  return tf.train.sgd(training.optimizer.learningRate);
}

/** Binary cross-entropy as Keras has it on probabilities: clipped, then −mean(y·ln p + (1 − y)·ln(1 − p)). */
function batchLoss(output: tf.Tensor, y: tf.Tensor): tf.Scalar {
  const p = tf.clipByValue(output, EPSILON, 1 - EPSILON);
  const positive = tf.mul(y, tf.log(p));
  const negative = tf.mul(tf.sub(1, y), tf.log(tf.sub(1, p)));
  return tf.neg(tf.mean<tf.Scalar>(tf.add(positive, negative)));
}

interface Batch {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
}

/** @param rows which of `from`'s rows; null: all, in order */
function toBatch(from: Rows, rows: Int32Array | null, shape: number[]): Batch {
  const width = from.rows === 0 ? 0 : from.x.length / from.rows;
  const count = rows?.length ?? from.rows;
  const x = new Float32Array(count * width);
  const y = new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    const row = rows?.[i] ?? i;
    x.set(from.x.subarray(row * width, (row + 1) * width), i * width);
    y[i] = from.y[row] ?? Number.NaN;
  }
  return { x: tf.tensor(x, [count, ...shape]), y: tf.tensor2d(y, [count, 1]) };
}

function metrics(model: PlannedModel, test: Rows, shape: number[], minCell: number): MetricSet {
  const probabilities = new Float64Array(test.rows);
  for (let start = 0; start < test.rows; start += EVALUATION_ROWS) {
    const rows = Int32Array.from({ length: Math.min(EVALUATION_ROWS, test.rows - start) }, (_, i) => start + i);
    const output = tf.tidy(() => model.apply(toBatch(test, rows, shape).x, false).dataSync());
    probabilities.set(output, start);
  }
  return evaluate(probabilities, test.y, minCell);
}

function rowShape(model: PlannedModel, features: number): number[] {
  const shape = model.inputShape;
  const wanted = shape.reduce((product, size) => product * size, 1);
  if (wanted !== features) {
    throw new SyndicError(
      'DATA_INVALID',
      `the plan's model takes ${wanted} numbers a row, but its features make ${features}: make the two agree in the plan`,
      { model: wanted, features },
    );
  }
  return shape;
}
