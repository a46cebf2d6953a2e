import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { initialModel } from '../../../core/model/initialModel.ts';
import { tensorSpecs } from '../../../core/model/tensorSpecs.ts';
import type { ModelPlan } from '../../../core/plan/Plan.ts';
import { batchIndices } from '../../../core/random/batches.ts';
import { compareNames } from '../../../core/tensors/TensorSpec.ts';
import { round } from '../../../core/values.ts';
import type { BackendChoice, Trainer, TrainingJob } from '../../../worker/training/port.ts';
import { TfjsTrainer } from '../../../worker/training/tfjs.ts';
import { logistic } from '../../unit/worker/data/plans.ts';
import { modelFile, someJob, someRows } from '../../unit/worker/training/jobs.ts';
import { descend, largestDifference, pick } from '../../unit/worker/training/reference.ts';
import { trainRounds } from './trainRounds.ts';

/** What every training backend must do. `convolutions`: whether it can train them. */
export function trainerConformance(backend: Exclude<BackendChoice, 'auto'>, convolutions: boolean): void {
  describe(`trainer on backend ${backend}`, () => {
    const trainer: Trainer = new TfjsTrainer({ backend });
    afterAll(() => trainer.close());

    test('takes the steps that gradient descent in float64 takes on the same batches, to 1e-6', async () => {
      const job = someJob({ round: round(3) });
      const { batchSize, localSteps, optimizer } = job.plan.training;
      const { local, steps } = await trainer.train(job);
      let want: number[] = [0.1, -0.2, 0.3, 0, 0.05, 0.02].map(Math.fround);
      for (let step = 0; step < localSteps; step += 1) {
        const rows = batchIndices(job.plan.seed, job.slot, job.data.train.rows, batchSize, 2 * localSteps + step);
        want = descend(want, [pick(job.data.train, rows)], optimizer.learningRate);
      }
      expect(steps).toBe(localSteps);
      expect(largestDifference(want, weightsOf(local))).toBeLessThan(1e-6);
    });

    test('a model that is all but sure still learns from the rows where it is wrong', async () => {
      const { local } = await trainer.train(someJob({ baseModel: modelFile([0, 0, 0, 0, 0], 12) }));
      expect(weightsOf(local).at(-1)).toBeLessThan(12);
    });

    test('repeats in every byte, whatever ran before', async () => {
      const first = await trainer.train(someJob());
      await trainer.train(someJob({ round: round(2) }));
      expect(await trainer.train(someJob())).toEqual(first);
      const another = new TfjsTrainer({ backend });
      expect(await another.train(someJob())).toEqual(first);
      await another.close();
    });

    test('needs no memory of earlier rounds: a fresh process goes on with the same bytes', async () => {
      const consecutive = await trainRounds(trainer, 1, 3);
      const firstTwo = await trainRounds(trainer, 1, 2);
      const script = new URL('./trainRounds.ts', import.meta.url).pathname;
      const base = Buffer.from(firstTwo).toString('base64');
      const { stdout } = await promisify(execFile)(process.execPath, [script, backend, '3', '3', base]);
      expect(stdout).toBe(Buffer.from(consecutive).toString('base64'));
    });

    test('says what it ran on', async () => {
      const { runtime } = await trainer.train(someJob());
      expect(runtime.backend).toBe(backend === 'native' ? 'tensorflow' : backend);
      const native = backend === 'native' ? /, TensorFlow \d+\.\d+\.\d+$/ : /$/;
      expect(runtime.library).toMatch(new RegExp(/^@tensorflow\/\S+ \d+\.\d+\.\d+/.source + native.source));
      expect(runtime.platform).toBe(`${process.platform}-${process.arch}`);
    });

    test('names and shapes tensors as the plan does, in models of several layers', async () => {
      const job = modelJob(mlp, 6);
      const { local } = await trainer.train(job);
      const sorted = local.toSorted((a, b) => compareNames(a.name, b.name));
      expect(sorted.map(({ name, shape }) => ({ name, shape, dtype: 'F32' }))).toEqual(tensorSpecs(mlp));
    });

    test(convolutions ? 'trains convolutions' : 'says that it cannot train convolutions, and what can', async () => {
      const training = trainer.train(modelJob(cnn, 36));
      if (convolutions) await expect(training).resolves.toMatchObject({ steps: 10 });
      else {
        const message = expect.stringMatching(/lacks Conv2DBackpropFilter.*npm run tfjs:native/);
        await expect(training).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE', message });
      }
    });

    test('refuses a base model of other tensors, data of another width, and reports divergence', async () => {
      const job = someJob();
      const refused = (more: Partial<TrainingJob>) => trainer.train(someJob(more));
      await expect(refused({ baseModel: modelFile([1, 2], 0) })).rejects.toMatchObject({ code: 'TENSORS_MISMATCH' });
      await expect(refused({ baseModel: new Uint8Array(9) })).rejects.toMatchObject({ code: 'TENSORS_INVALID' });
      const plan = { ...job.plan, model: logistic(7) };
      await expect(refused({ plan, baseModel: initialModel(plan) })).rejects.toMatchObject({ code: 'DATA_INVALID' });
      const optimizer = { name: 'sgd' as const, learningRate: 3e38 };
      const steep = { ...job.data.train, x: job.data.train.x.map((value) => value * 100) };
      await expect(
        refused({
          plan: { ...job.plan, training: { ...job.plan.training, optimizer } },
          data: { ...job.data, train: steep },
        }),
      ).rejects.toMatchObject({ code: 'TRAINING_FAILED', message: expect.stringContaining('diverged') });
    });

    test('evaluates a model without training it', async () => {
      const job = someJob();
      const { metrics } = await trainer.train(job);
      expect(await trainer.evaluate({ plan: job.plan, model: job.baseModel, data: job.data })).toEqual(metrics.before);
    });
  });
}

function weightsOf(local: readonly { name: string; data: Float32Array }[]): number[] {
  const of = (name: string) => [...(local.find((tensor) => tensor.name === name)?.data ?? [])];
  return [...of('output/kernel'), ...of('output/bias')];
}

function modelJob(model: ModelPlan, features: number): TrainingJob {
  const plan = { ...someJob().plan, model };
  const data = { train: someRows(24, features), test: someRows(12, features, 2), features };
  return someJob({ plan, baseModel: initialModel(plan), data });
}

const start = {
  kernel_initializer: { class_name: 'GlorotUniform', config: {} },
  bias_initializer: { class_name: 'Zeros', config: {} },
};
const output = { class_name: 'Dense', config: { name: 'output', units: 1, activation: 'sigmoid', ...start } };

const mlp: ModelPlan = {
  kind: 'layers',
  topology: {
    class_name: 'Sequential',
    config: {
      name: 'mlp',
      layers: [
        {
          class_name: 'Dense',
          config: { name: 'hidden_2', units: 4, activation: 'relu', batch_input_shape: [null, 6], ...start },
        },
        { class_name: 'Dense', config: { name: 'hidden.1', units: 3, activation: 'tanh', ...start } },
        output,
      ],
    },
  },
};

const cnn: ModelPlan = {
  kind: 'layers',
  topology: {
    class_name: 'Sequential',
    config: {
      name: 'cnn',
      layers: [
        {
          class_name: 'Conv2D',
          config: {
            name: 'convolution',
            filters: 2,
            kernel_size: [3, 3],
            activation: 'relu',
            batch_input_shape: [null, 6, 6, 1],
            ...start,
          },
        },
        { class_name: 'MaxPooling2D', config: { name: 'pool', pool_size: [2, 2] } },
        { class_name: 'Flatten', config: { name: 'flat' } },
        output,
      ],
    },
  },
};
