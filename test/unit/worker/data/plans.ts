import type { ColumnPlan, ModelPlan, Plan } from '../../../../core/plan/Plan.ts';

export function column(name: string, more: Partial<ColumnPlan> = {}): ColumnPlan {
  return { name, type: 'number', min: null, max: null, levels: null, ...more };
}

const zeros = { class_name: 'Zeros', config: {} };

/** Logistic regression on `inputs` numbers, as a topology; `initialiser` is for kernel and bias. */
export function logistic(inputs: number, initialiser: { class_name: string; config: object } = zeros): ModelPlan {
  return {
    kind: 'layers',
    topology: {
      class_name: 'Sequential',
      config: {
        name: 'logistic',
        layers: [
          {
            class_name: 'Dense',
            config: {
              name: 'output',
              units: 1,
              activation: 'sigmoid',
              use_bias: true,
              batch_input_shape: [null, inputs],
              dtype: 'float32',
              kernel_initializer: initialiser,
              bias_initializer: initialiser,
            },
          },
        ],
      },
    },
  };
}

/** A small plan over columns a, b and y; give what a test is about. */
export function testPlan(more: Partial<Plan> = {}): Plan {
  return {
    schema: 'syndic.plan/1',
    name: 'test',
    purpose: { duo: 'DUO:0000042', modifiers: [], description: 'tests' },
    ethics: { approval: 'none', body: 'none' },
    controller: 'test',
    seed: 7,
    model: logistic(2),
    data: {
      format: { kind: 'csv', header: false, delimiter: ',', missing: ['?'] },
      columns: [column('a'), column('b'), column('y')],
      rowKey: null,
      badRows: 'quarantine',
      features: [
        { column: 'a', encode: 'number' },
        { column: 'b', encode: 'number' },
      ],
      normalise: { kind: 'none' },
      label: { column: 'y', kind: 'binary', above: 0 },
    },
    split: { kind: 'fraction', test: 0.25 },
    training: {
      loss: 'binaryCrossentropy',
      optimizer: { name: 'sgd', learningRate: 0.1 },
      batchSize: 4,
      localSteps: 10,
      shortBatch: 'keep',
    },
    strategy: { name: 'fedavg' },
    privacy: { kind: 'none' },
    rounds: 3,
    maxAttempts: 6,
    quorum: 2,
    startAt: 2,
    roundSeconds: 60,
    recordWithin: 86_400,
    weighting: 'samples',
    disclosure: 'exact',
    maxSamples: 1_000_000,
    minCell: 10,
    retainDays: 30,
    encoding: 'f32',
    access: { auditorsReadUpdates: false },
    ...more,
  };
}
