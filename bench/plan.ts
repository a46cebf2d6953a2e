/** A plan whose model has two hidden layers of `width` units: about 4·width² bytes, so 64 MiB at 4,096. */
export function benchmarkPlan(options: {
  readonly width: number;
  readonly rounds: number;
  readonly sites: number;
}): object {
  const { width, rounds, sites } = options;
  return {
    schema: 'syndic.plan/1',
    name: `benchmark-${width}`,
    purpose: { duo: 'DUO:0000042', modifiers: [], description: 'Measures this installation; the rows describe nobody' },
    ethics: { approval: 'generated rows, no approval needed', body: 'none' },
    controller: 'nobody: the rows describe no person',
    seed: 1,
    model: { kind: 'mlp', hidden: [width, width] },
    data: {
      format: { kind: 'csv', header: true, delimiter: ',', missing: [] },
      columns: [
        { name: 'x', type: 'number' },
        { name: 'y', type: 'number' },
      ],
      features: [{ column: 'x', encode: 'number' }],
      normalise: { kind: 'none' },
      label: { column: 'y', kind: 'binary', above: 0 },
    },
    split: { kind: 'fraction', test: 0.25 },
    training: {
      loss: 'binaryCrossentropy',
      optimizer: { name: 'sgd', learningRate: 0.001 },
      batchSize: 4,
      localSteps: 1,
    },
    rounds,
    quorum: sites,
    startAt: sites,
    roundSeconds: 3600,
    maxSamples: 1000,
  };
}

/** How many float32 values that plan's model has: weights and biases of its three layers. */
export function valuesIn(width: number): number {
  return width * width + 4 * width + 1;
}

/** Rows for it: what they say does not matter, the benchmark's worker trains on none. */
export const BENCHMARK_ROWS = `x,y\n${Array.from({ length: 64 }, (_, i) => `${i % 7},${i % 2}`).join('\n')}\n`;
