import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { drawFrom, type Initialiser, initialiserSchema } from '../../../../core/model/initialisers.ts';
import { initialDigest, initialModel } from '../../../../core/model/initialModel.ts';
import { networkOf, readNetwork } from '../../../../core/model/network.ts';
import { tensorSpecs } from '../../../../core/model/tensorSpecs.ts';
import { checkPlanValue } from '../../../../core/plan/checkPlan.ts';
import type { Plan } from '../../../../core/plan/Plan.ts';
import { RandomStream } from '../../../../core/random/RandomStream.ts';
import { sha256 } from '../../../../core/sha256.ts';
import { decodeFile, specsOf } from '../../../../core/tensors/file.ts';
import { sameSpecs } from '../../../../core/tensors/TensorSpec.ts';
import { planWith } from '../plan/samplePlan.ts';
import { thrown } from '../thrown.ts';

type Layers = typeof import('@tensorflow/tfjs-layers');
let tfjs: Layers;

beforeAll(() => {
  const require = createRequire(import.meta.url);
  // Keeps it from recommending tfjs-node.
  require('@tensorflow/tfjs-core').env().set('IS_NODE', false);
  require('@tensorflow/tfjs-backend-cpu');
  tfjs = require('@tensorflow/tfjs-layers');
});

const ones = { class_name: 'Ones', config: {} };
const both = { kernel_initializer: ones, bias_initializer: ones };
const dense = (name: string, units: number, more: object = {}) => ({
  class_name: 'Dense',
  config: { name, units, ...both, ...more },
});
const sequential = (...layers: unknown[]) => ({ class_name: 'Sequential', config: { name: 'm', layers } });
const model = (value: unknown): Plan => checkPlanValue(planWith(['model', value])).plan;
const faultPaths = (topology: unknown, input: number[] | null = [4]) => {
  const found = readNetwork(topology, input);
  return 'layers' in found ? [] : found.map((fault) => fault.path);
};

/** Sixty-four numbers a row, so that a picture of 8 by 8 fits. */
const picture = (value: unknown): Plan => {
  const columns = Array.from({ length: 64 }, (_, i) => ({ name: `p${i}`, type: 'number' }));
  return checkPlanValue(
    planWith(
      ['data.columns', [...columns, { name: 'num', type: 'number' }]],
      ['data.features', columns.map((column) => column.name)],
      ['model', value],
    ),
  ).plan;
};

const wired = {
  class_name: 'Model',
  config: {
    name: 'm',
    layers: [
      { class_name: 'InputLayer', name: 'in', config: { name: 'in', batch_input_shape: [null, 4] }, inbound_nodes: [] },
      { ...dense('left', 3), name: 'left', inbound_nodes: [[['in', 0, 0, {}]]] },
      { ...dense('right', 3), name: 'right', inbound_nodes: [[['in', 0, 0, {}]]] },
      {
        class_name: 'Add',
        name: 'sum',
        config: { name: 'sum' },
        inbound_nodes: [
          [
            ['left', 0, 0],
            ['right', 0, 0],
          ],
        ],
      },
      {
        class_name: 'Concatenate',
        name: 'all',
        config: { name: 'all' },
        inbound_nodes: [
          [
            ['sum', 0, 0, {}],
            ['in', 0, 0, {}],
          ],
        ],
      },
      { ...dense('logit', 1, { activation: 'sigmoid' }), name: 'logit', inbound_nodes: [[['all', 0, 0, {}]]] },
    ],
    input_layers: [['in', 0, 0]],
    output_layers: [['logit', 0, 0]],
  },
};

const plans: [string, () => Plan][] = [
  ['logistic', () => model({ kind: 'logistic' })],
  ['mlp', () => model({ kind: 'mlp', hidden: [8, 5], activation: 'tanh' })],
  ['cnn', () => picture({ kind: 'cnn', image: [8, 8, 1], filters: [4, 6], dense: 7 })],
  ['a wired model', () => model({ kind: 'layers', topology: wired })],
  [
    'a model of every layer',
    () =>
      picture({
        kind: 'layers',
        topology: sequential(
          { class_name: 'Reshape', config: { name: 'image', target_shape: [8, 4, 2] } },
          {
            class_name: 'Conv2D',
            config: { name: 'c1', filters: 3, kernel_size: [3, 2], strides: [2, 1], use_bias: false, ...both },
          },
          { class_name: 'MaxPooling2D', config: { name: 'p1', pool_size: 2, strides: [1, 2], padding: 'same' } },
          { class_name: 'Conv2D', config: { name: 'c2', filters: 2, kernel_size: 2, padding: 'same', ...both } },
          { class_name: 'AveragePooling2D', config: { name: 'p2', pool_size: [2, 1] } },
          { class_name: 'Activation', config: { name: 'a', activation: 'relu' } },
          { class_name: 'Dense', config: { name: 'wide', units: 5, use_bias: false, ...both } },
          { class_name: 'GlobalAveragePooling2D', config: { name: 'g' } },
          dense('logit', 1, { activation: 'sigmoid' }),
        ),
      }),
  ],
];

describe.each(plans)('%s', (_, make) => {
  test('has the names and shapes that TensorFlow.js gives its weights', async () => {
    const plan = make();
    const built = await tfjs.models.modelFromJSON(ownRealm(plan.model.topology));
    const theirs = built.weights.map((weight) => [weight.originalName, weight.shape]);
    const ours = tensorSpecs(plan.model).map((spec) => [spec.name, spec.shape]);
    expect(ours).toEqual(theirs.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
    expect([null, ...networkOf(plan.model).output.output]).toEqual(built.outputShape);
    for (const layer of networkOf(plan.model).layers) {
      expect([null, ...layer.output]).toEqual(built.getLayer(layer.config.name).outputShape);
    }
    built.dispose();
  });

  test('is written back by TensorFlow.js to a topology that normalises to the same', async () => {
    const plan = make();
    const built = await tfjs.models.modelFromJSON(ownRealm(plan.model.topology));
    const written: unknown = JSON.parse(JSON.stringify(built.toJSON(undefined, false)));
    const again = readNetwork(written, null);
    expect('topology' in again ? again.topology : again).toEqual(plan.model.topology);
    built.dispose();
  });

  test('starts from a file without metadata whose tensors are the model’s', () => {
    const plan = make();
    const file = decodeFile(initialModel(plan));
    expect(file.metadata).toEqual({});
    expect(sameSpecs(specsOf(file), tensorSpecs(plan.model))).toBe(true);
    expect(initialDigest(plan)).toBe(sha256(initialModel(plan)));
  });
});

describe('the initial model', () => {
  test('is filled in file order from one stream', () => {
    const plan = model({ kind: 'logistic' });
    const stream = RandomStream.of(0, 'init');
    const bound = 0.5;
    const draw = () => Math.fround(-bound + (bound - -bound) * stream.uniform());
    const bias = draw();
    const kernel = [draw(), draw(), draw(), draw()];
    const { tensors } = decodeFile(initialModel(plan));
    expect([...(tensors.get('logit/bias')?.data ?? [])]).toEqual([bias]);
    expect([...(tensors.get('logit/kernel')?.data ?? [])]).toEqual(kernel);
  });

  test('differs with the seed, and only with it', () => {
    const plan = model({ kind: 'mlp', hidden: [3] });
    expect(initialDigest({ ...plan, seed: 1 })).not.toBe(initialDigest(plan));
    expect(initialDigest({ ...plan, name: 'other' } as Plan)).toBe(initialDigest(plan));
  });

  test('is of the initialisers that the plan names', () => {
    const plan = model({
      kind: 'mlp',
      hidden: [2],
      init: { kernel: 'Ones', bias: { class_name: 'Constant', config: { value: 3 } } },
    });
    const { tensors } = decodeFile(initialModel(plan));
    expect([...(tensors.get('hidden1/kernel')?.data ?? [])]).toEqual(new Array(8).fill(1));
    expect([...(tensors.get('logit/bias')?.data ?? [])]).toEqual([3]);
    const zeros = decodeFile(initialModel(model({ kind: 'logistic', init: 'Zeros' })));
    expect([...(zeros.tensors.get('logit/kernel')?.data ?? [])]).toEqual([0, 0, 0, 0]);
  });
});

describe('an initialiser', () => {
  const u = () => RandomStream.of(1, 'x');
  const first = (initialiser: Initialiser, shape: readonly number[]) =>
    Math.fround(drawFrom(initialiser, shape, u())());
  const within = (limit: number) => Math.fround(-limit + (limit - -limit) * u().uniform());
  const named = (class_name: 'GlorotUniform' | 'GlorotNormal' | 'HeUniform' | 'HeNormal') => ({
    class_name,
    config: {},
  });

  test('of a uniform draws between its ends, which may be one', () => {
    const uniform = (minval: number, maxval: number) =>
      initialiserSchema.safeParse({ class_name: 'RandomUniform', config: { minval, maxval, seed: null } });
    expect(uniform(-1, 1).data).toEqual({ class_name: 'RandomUniform', config: { minval: -1, maxval: 1 } });
    expect(uniform(2, 2).success).toBe(true);
    expect(uniform(1, -1).error?.issues[0]?.message).toBe('minval is above maxval');
    expect(first({ class_name: 'RandomUniform', config: { minval: 2, maxval: 5 } }, [4])).toBe(
      Math.fround(2 + 3 * u().uniform()),
    );
  });

  test('of a vector has the root of its length as both fans', () => {
    expect(first(named('GlorotUniform'), [16])).toBe(within(Math.sqrt(6 / 8)));
    expect(first(named('HeUniform'), [16])).toBe(within(Math.sqrt(6 / 4)));
  });

  test.each([
    [[6, 2], 6, 2],
    [[3, 2, 4, 5], 24, 30],
  ])('has the fans of shape %j', (shape, fanIn, fanOut) => {
    expect(first(named('GlorotUniform'), shape)).toBe(within(Math.sqrt(6 / (fanIn + fanOut))));
    expect(first(named('HeUniform'), shape)).toBe(within(Math.sqrt(6 / fanIn)));
    expect(first(named('GlorotNormal'), shape)).toBe(Math.fround(Math.sqrt(2 / (fanIn + fanOut)) * u().normal()));
    expect(first(named('HeNormal'), shape)).toBe(Math.fround(Math.sqrt(2 / fanIn) * u().normal()));
  });

  test('draws mean + stddev · n', () => {
    const value = first({ class_name: 'RandomNormal', config: { mean: 2, stddev: 3 } }, [4]);
    expect(value).toBe(Math.fround(2 + 3 * u().normal()));
  });

  test('draws nothing where nothing is random', () => {
    const stream = u();
    for (const name of ['Zeros', 'Ones'] as const) drawFrom({ class_name: name, config: {} }, [5], stream)();
    expect(stream.uniform()).toBe(u().uniform());
  });

  test('is known by the name that TensorFlow.js writes too', () => {
    const scaling = (scale: number, mode: string, distribution: string) =>
      initialiserSchema.safeParse({
        class_name: 'VarianceScaling',
        config: { scale, mode, distribution, seed: null },
      }).data?.class_name;
    expect(scaling(1, 'fan_avg', 'uniform')).toBe('GlorotUniform');
    expect(scaling(1, 'fan_avg', 'normal')).toBe('GlorotNormal');
    expect(scaling(2, 'fan_in', 'uniform')).toBe('HeUniform');
    expect(scaling(2, 'fan_in', 'normal')).toBe('HeNormal');
    expect(scaling(3, 'fan_in', 'normal')).toBeUndefined();
  });

  test('has no seed of its own', () => {
    const config = { minval: 0, maxval: 1, seed: 7 };
    expect(initialiserSchema.safeParse({ class_name: 'RandomUniform', config }).success).toBe(false);
  });
});

describe('a topology', () => {
  const last = dense('logit', 1, { activation: 'sigmoid' });

  test.each<[string, unknown, string]>([
    ['a layer without a name', sequential(dense('x', 1, { name: undefined })), 'config.layers[0].config.name'],
    ['a reserved name', sequential(dense('syndic.x', 1)), 'config.layers[0].config.name'],
    ['a name with a slash', sequential(dense('a/b', 1)), 'config.layers[0].config.name'],
    ['a name twice', sequential(dense('a', 2), dense('a', 1)), 'config.layers[1].config.name'],
    ['an unknown layer', sequential({ class_name: 'LSTM', config: {} }), 'config.layers[0].class_name'],
    ['a layer of Object.prototype', sequential({ class_name: 'toString', config: {} }), 'config.layers[0].class_name'],
    [
      'an initialiser left out',
      sequential(dense('a', 1, { bias_initializer: undefined })),
      'config.layers[0].config.bias_initializer',
    ],
    [
      'a regulariser',
      sequential(dense('a', 1, { kernel_regularizer: {} })),
      'config.layers[0].config.kernel_regularizer',
    ],
    ['a frozen layer', sequential(dense('a', 1, { trainable: false })), 'config.layers[0].config.trainable'],
    [
      'another input',
      sequential(dense('a', 1, { batch_input_shape: [null, 5] })),
      'config.layers[0].config.batch_input_shape',
    ],
    [
      'a second input',
      sequential(last, dense('b', 1, { batch_input_shape: [null, 4] })),
      'config.layers[1].config.batch_input_shape',
    ],
    [
      'a convolution over a row',
      sequential({ class_name: 'Conv2D', config: { name: 'c', filters: 1, kernel_size: 1, ...both } }),
      'config.layers[0].config',
    ],
    [
      'a reshape that does not fit',
      sequential({ class_name: 'Reshape', config: { name: 'r', target_shape: [5] } }, last),
      'config.layers[0].config',
    ],
    ['no weights', sequential({ class_name: 'Reshape', config: { name: 'r', target_shape: [2, 2] } }), 'config.layers'],
    ['too many weights', sequential(dense('a', 2 ** 20), dense('b', 2 ** 20)), 'config.layers'],
    [
      'nothing to flatten',
      sequential({ class_name: 'Flatten', config: { name: 'f' } }, last),
      'config.layers[0].config',
    ],
    ['no layers', sequential(), 'config.layers'],
    ['no class', {}, 'class_name'],
    ['nothing', null, ''],
  ])('is refused with %s', (_, topology, path) => {
    expect(faultPaths(JSON.parse(JSON.stringify(topology)))).toContain(path);
  });

  test('is refused where no shape of the input is said', () => {
    expect(faultPaths(sequential(last), null)).toEqual(['config.layers[0].config.batch_input_shape']);
  });

  test.each<[string, (config: typeof wired.config) => void, string]>([
    ['a layer before its input', (c) => c.layers.reverse(), 'config.layers[0].inbound_nodes'],
    [
      'an unknown input',
      (c) => at(c, 1).inbound_nodes.splice(0, 1, [['gone', 0, 0, {}]]),
      'config.layers[1].inbound_nodes',
    ],
    ['a layer used twice', (c) => at(c, 1).inbound_nodes.push([['in', 0, 0, {}]]), 'config.layers[1].inbound_nodes'],
    ['a layer without input', (c) => at(c, 1).inbound_nodes.splice(0), 'config.layers[1].inbound_nodes'],
    [
      'two inputs of a Dense',
      (c) => at(c, 1).inbound_nodes[0]?.push(['in', 0, 0, {}]),
      'config.layers[1].inbound_nodes',
    ],
    ['two names', (c) => Object.assign(at(c, 1), { name: 'other' }), 'config.layers[1].name'],
    ['an output that is not there', (c) => c.output_layers.splice(0, 1, ['gone', 0, 0]), 'config.output_layers'],
    ['an input that is not there', (c) => c.input_layers.splice(0, 1, ['left', 0, 0]), 'config.input_layers'],
    ['a sum of one', (c) => at(c, 3).inbound_nodes[0]?.pop(), 'config.layers[3].config'],
    ['one input to join', (c) => at(c, 4).inbound_nodes[0]?.pop(), 'config.layers[4].config'],
    ['a sum of two shapes', (c) => Object.assign(at(c, 1).config, { units: 2 }), 'config.layers[3].config'],
  ])('wired by name is refused with %s', (_, change, path) => {
    const topology = structuredClone(wired);
    change(topology.config);
    expect(faultPaths(topology)).toContain(path);
  });

  test('of a plan ends in one sigmoid a row', () => {
    const faults = (topology: unknown) =>
      thrown(() => model({ kind: 'layers', topology })).details.faults as { path: string }[];
    expect(faults(sequential(dense('a', 2, { activation: 'sigmoid' })))).toHaveLength(1);
    expect(faults(sequential(dense('a', 1)))).toHaveLength(1);
    expect(faults(sequential(dense('a', 2)))).toHaveLength(2);
  });

  test('that nobody checked is refused when its tensors are asked for', () => {
    const unchecked = { kind: 'layers' as const, topology: { class_name: 'Sequential' as const, config: {} } };
    expect(thrown(() => tensorSpecs(unchecked as never)).code).toBe('PLAN_INVALID');
  });
});

type Wired = (typeof wired.config.layers)[number];
function at(config: typeof wired.config, i: number): Wired & { inbound_nodes: unknown[][][] } {
  return config.layers[i] as Wired & { inbound_nodes: unknown[][][] };
}

/** A copy whose arrays are this realm's, as TensorFlow.js wants them, which takes apart what it reads. */
function ownRealm(topology: unknown): never {
  return JSON.parse(JSON.stringify(topology)) as never;
}
