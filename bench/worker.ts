/**
 * Workers for benchmarks: as `syndic worker run`, but training only adds a constant, so that what is measured is the
 * system. The argument is a JSON file with the environment of each; several may share this process.
 */
import { readFileSync } from 'node:fs';
import { letBuffersDieYoung } from '../cli/letBuffersDieYoung.ts';
import type { MetricSet } from '../core/manifest/Report.ts';
import { decodeFile, type NamedTensor } from '../core/tensors/file.ts';
import { readWorkerConfig } from '../worker/config.ts';
import { runWorker } from '../worker/main.ts';
import type { Trainer } from '../worker/training/port.ts';

const nothing: MetricSet = (() => {
  const figure = { value: null, reason: 'minCell' };
  return { rows: figure, positives: figure, negatives: figure, loss: figure, accuracy: figure, auroc: figure };
})();

function addConstant(model: Uint8Array): NamedTensor[] {
  return [...decodeFile(model).tensors].map(([name, { shape, data }]) => {
    const moved = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) moved[i] = (data[i] ?? 0) + 0.001;
    return { name, shape, data: moved };
  });
}

const trainer: Trainer = {
  train: async ({ baseModel }) => ({
    local: addConstant(baseModel),
    steps: 1,
    runtime: { backend: 'constant', threads: 1, library: 'benchmark', platform: `${process.platform}-${process.arch}` },
    metrics: { before: nothing, after: nothing },
  }),
  evaluate: async () => nothing,
  close: async () => undefined,
};

letBuffersDieYoung();
const [, , file] = process.argv;
if (file === undefined) throw new Error('usage: worker.ts FILE');
const environments = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>[];
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(signal, () => stopping.abort());
await Promise.all(environments.map((env) => runWorker(readWorkerConfig(env), stopping.signal, trainer)));
