import { describe, expect, test } from '@jest/globals';
import { checkPlanValue } from '../../../../core/plan/checkPlan.ts';
import { expandModel } from '../../../../core/plan/expandModel.ts';
import { faultsIn, planWith } from './samplePlan.ts';

const ones = { class_name: 'Ones', config: {} };
const zeros = { class_name: 'Zeros', config: {} };
const glorot = { class_name: 'GlorotUniform', config: {} };
const heNormal = { class_name: 'HeNormal', config: {} };
const started = { kernel_initializer: glorot, bias_initializer: zeros };
const activations = ['relu', 'elu', 'selu', 'sigmoid', 'softplus', 'softsign', 'tanh', 'linear'];

const topologyOf = (model: unknown, width: number) => {
  const expanded = expandModel(model, width);
  if (!('layers' in expanded)) throw new Error(JSON.stringify(expanded));
  return expanded.topology;
};
const layersOf = (model: unknown, width = 4) =>
  (topologyOf(model, width).config as { layers: { class_name: string; config: Record<string, unknown> }[] }).layers;
const entered = (shape: readonly number[]) => ({ batch_input_shape: [null, ...shape], dtype: 'float32' });
const dense = (name: string, units: number, activation: string, init: object = started) => ({
  class_name: 'Dense',
  config: { name, units, activation, use_bias: true, ...init },
});

describe('a logistic model', () => {
  const inits = (init: unknown) => {
    const { kernel_initializer, bias_initializer } = layersOf({ kind: 'logistic', init })[0]?.config ?? {};
    return { kernel: kernel_initializer, bias: bias_initializer };
  };

  test('starts its weights and its bias alike when one initialiser is given, by name or in full', () => {
    const constant = { class_name: 'Constant', config: { value: 2 } };
    expect(inits('Ones')).toEqual({ kernel: ones, bias: ones });
    expect(inits(constant)).toEqual({ kernel: constant, bias: constant });
  });

  test('starts each its own way when two are given, and as ever what is left out', () => {
    const flat = { class_name: 'RandomUniform', config: { minval: -0.5, maxval: 0.5 } };
    expect(inits({ kernel: 'HeNormal', bias: ones })).toEqual({ kernel: heNormal, bias: ones });
    expect(inits({ kernel: 'Zeros' })).toEqual({ kernel: zeros, bias: flat });
    expect(inits({ bias: 'Zeros' })).toEqual({ kernel: flat, bias: zeros });
    expect(inits({})).toEqual({ kernel: flat, bias: flat });
  });
});

describe('an mlp', () => {
  test('is its hidden layers, counted from 1, then a sigmoid', () => {
    const [first, ...others] = [dense('hidden1', 5, 'relu'), dense('hidden2', 3, 'relu'), dense('logit', 1, 'sigmoid')];
    expect(topologyOf({ kind: 'mlp', hidden: [5, 3] }, 4)).toEqual({
      class_name: 'Sequential',
      config: { name: 'mlp', layers: [{ ...first, config: { ...first?.config, ...entered([4]) } }, ...others] },
    });
  });

  test.each(activations)('has %s in its hidden layers when asked to', (activation) => {
    const found = layersOf({ kind: 'mlp', hidden: [2, 2], activation }).map(({ config }) => config.activation);
    expect(found).toEqual([activation, activation, 'sigmoid']);
  });

  test('starts every layer as it is told', () => {
    const init = { kernel_initializer: heNormal, bias_initializer: ones };
    const [, ...others] = layersOf({ kind: 'mlp', hidden: [2, 2], init: { kernel: 'HeNormal', bias: 'Ones' } });
    expect(others).toEqual([dense('hidden2', 2, 'relu', init), dense('logit', 1, 'sigmoid', init)]);
  });
});

describe('a cnn', () => {
  const conv = (name: string, filters: number, activation: string, kernelSize: number) => ({
    class_name: 'Conv2D',
    config: expect.objectContaining({
      name,
      filters,
      kernel_size: [kernelSize, kernelSize],
      padding: 'same',
      activation,
      ...started,
    }),
  });
  const pool = (name: string) => ({
    class_name: 'MaxPooling2D',
    config: expect.objectContaining({ name, pool_size: [2, 2] }),
  });
  const image = (target: readonly number[], width: number) => ({
    class_name: 'Reshape',
    config: { name: 'image', target_shape: target, ...entered([width]) },
  });
  const flat = { class_name: 'Flatten', config: expect.objectContaining({ name: 'flat' }) };

  test('is by default two blocks of 8 and 16 filters of 3 × 3, and 32 hidden units', () => {
    expect(layersOf({ kind: 'cnn', image: [8, 4, 2] }, 64)).toEqual([
      image([8, 4, 2], 64),
      conv('conv1', 8, 'relu', 3),
      pool('pool1'),
      conv('conv2', 16, 'relu', 3),
      pool('pool2'),
      flat,
      dense('hidden', 32, 'relu'),
      dense('logit', 1, 'sigmoid'),
    ]);
  });

  test('is what it is told', () => {
    const model = { kind: 'cnn', image: [2, 2, 1], filters: [5], kernelSize: 2, dense: 7, activation: 'tanh' };
    expect(layersOf(model)).toEqual([
      image([2, 2, 1], 4),
      conv('conv1', 5, 'tanh', 2),
      pool('pool1'),
      flat,
      dense('hidden', 7, 'tanh'),
      dense('logit', 1, 'sigmoid'),
    ]);
  });

  test('starts every layer as it is told', () => {
    const starts = layersOf({ kind: 'cnn', image: [2, 2, 1], filters: [5], init: 'Ones' }).map(
      ({ config }) => config.kernel_initializer,
    );
    expect(starts).toEqual([undefined, ones, undefined, undefined, ones, ones]);
  });

  test('is refused when rows make no such picture, or a picture is halved to nothing', () => {
    expect(expandModel({ kind: 'cnn', image: [2, 2, 1] }, 5)).toEqual([
      { path: 'model', message: 'cannot make [2,2,1] of [5]: the numbers of elements differ' },
    ]);
    expect(expandModel({ kind: 'cnn', image: [4, 1, 1] }, 4)).toEqual([
      { path: 'model', message: 'has a window larger than its input [4,1,8]' },
    ]);
  });
});

describe('a topology', () => {
  const layers = (...of: readonly object[]) => ({
    kind: 'layers',
    topology: { class_name: 'Sequential', config: { name: 'own', layers: of } },
  });

  test('is taken as it is, and enters at the width of a row', () => {
    const logit = dense('logit', 1, 'sigmoid');
    expect(topologyOf(layers(logit), 4)).toEqual({
      class_name: 'Sequential',
      config: { name: 'own', layers: [{ ...logit, config: { ...logit.config, ...entered([4]) } }] },
    });
  });

  test('is refused with an end that fits no binary label, or its loss', () => {
    const two = 'a binary label takes one output a row; this makes [2]';
    const end = 'binaryCrossentropy takes a sigmoid at the end; here is Dense without';
    const found = (...of: readonly object[]) => expandModel(layers(...of), 4);
    expect(found(dense('end', 2, 'sigmoid'))).toEqual([{ path: 'model.topology', message: two }]);
    expect(found(dense('end', 1, 'tanh'))).toEqual([{ path: 'model.topology', message: end }]);
    expect(found(dense('end', 2, 'relu'))).toEqual([
      { path: 'model.topology', message: two },
      { path: 'model.topology', message: end },
    ]);
  });

  test('may end in an activation of its own', () => {
    const ending = (activation: string) =>
      layers(dense('last', 1, 'linear'), { class_name: 'Activation', config: { name: 'end', activation } });
    expect(layersOf(ending('sigmoid'))).toHaveLength(2);
    expect(expandModel(ending('tanh'), 4)).toEqual([
      { path: 'model.topology', message: 'binaryCrossentropy takes a sigmoid at the end; here is Activation without' },
    ]);
  });

  test('is refused with each fault at its place in the plan', () => {
    expect(expandModel({ kind: 'layers', topology: 7 }, 4)).toEqual([
      { path: 'model.topology', message: 'expected object, received number' },
    ]);
    expect(expandModel(layers(dense('logit', 0, 'sigmoid')), 4)).toEqual([
      { path: 'model.topology.config.layers[0].config.units', message: 'Too small: expected number to be >=1' },
    ]);
  });

  test('that says how wide a row is must say what the features make', () => {
    const wide = (width: number) => {
      const logit = dense('logit', 1, 'sigmoid');
      return layers({ ...logit, config: { ...logit.config, batch_input_shape: [null, width] } });
    };
    const path = 'model.topology.config.layers[0].config.batch_input_shape';
    expect(expandModel(wide(5), 4)).toEqual([
      { path, message: "the plan's features make rows of [4]; here stands [5]" },
    ]);
    // Whose features are at fault makes rows of no known width.
    expect(
      faultsIn(() =>
        checkPlanValue(planWith(['model', wide(5)], ['data.features[2]', { column: 'ward', encode: 'onehot' }])),
      ),
    ).toEqual(['data.features[2].levels: is missing, and the column has none either']);
    expect(expandModel(layers(dense('logit', 1, 'sigmoid')), null)).toEqual([{ path, message: 'is missing' }]);
  });
});

describe('a model in short', () => {
  test.each<[string, unknown, string[]]>([
    ['is no mapping', 'logistic', ['model: expected object, received string']],
    ['is of no kind', {}, ["model.kind: Invalid discriminator value. Expected 'logistic' | 'mlp' | 'cnn' | 'layers'"]],
    ['says too much', { kind: 'logistic', hidden: [3] }, ['model.hidden: is not known here']],
    ['leaves out what has no default', { kind: 'mlp' }, ['model.hidden: is missing']],
    [
      'has layers of no units, or of too many',
      { kind: 'mlp', hidden: [0, 1, 65_536, 65_537] },
      [
        'model.hidden[0]: Too small: expected number to be >=1',
        'model.hidden[3]: Too big: expected number to be <=65536',
      ],
    ],
    [
      'starts from what is no initialiser',
      { kind: 'logistic', init: { kernel: { class_name: 'Constant' }, bias: 7, start: 'Ones' } },
      [
        'model.init.kernel.config: is missing',
        'model.init.bias: expected object, received number',
        'model.init.start: is not known here',
      ],
    ],
    [
      'starts both from an initialiser with a fault',
      { kind: 'logistic', init: { class_name: 'Ones', value: 1 } },
      ['model.init.kernel.value: is not known here', 'model.init.bias.value: is not known here'],
    ],
    ['starts from nothing known', { kind: 'logistic', init: 7 }, ['model.init: expected object, received number']],
  ])('is refused when it %s', (_, model, faults) => {
    expect(faultsIn(() => checkPlanValue(planWith(['model', model])))).toEqual(faults);
  });

  test('is checked by itself when the features are at fault', () => {
    expect(expandModel({ kind: 'cnn', image: [2, 2, 1] }, null)).toEqual([]);
    const features = 'data.features: Too small: expected array to have >=1 items';
    const found = (model: unknown) => faultsIn(() => checkPlanValue(planWith(['data.features', []], ['model', model])));
    expect(found({ kind: 'logistic' })).toEqual([features]);
    expect(found({ kind: 'mlp' })).toEqual([features, 'model.hidden: is missing']);
  });

  test('may hold 2^28 weights and no more', () => {
    expect(layersOf({ kind: 'mlp', hidden: [14_351] }, 18_703)).toHaveLength(2);
    expect(expandModel({ kind: 'mlp', hidden: [16_384] }, 16_382)).toEqual([
      { path: 'model', message: 'the model has 268435457 weights; at most 268435456 are allowed' },
    ]);
  });
});
