import { describe, expect, test } from '@jest/globals';
import { networkOf, readNetwork } from '../../../../core/model/network.ts';
import { thrown } from '../thrown.ts';

const ones = { class_name: 'Ones', config: {} };
const both = { kernel_initializer: ones, bias_initializer: ones };
const dense = (name: string, units = 1, more: object = {}) => ({
  class_name: 'Dense',
  config: { name, units, ...both, ...more },
});
const plain = (class_name: string, name: string, more: object = {}) => ({ class_name, config: { name, ...more } });
const sequential = (...layers: unknown[]) => ({ class_name: 'Sequential', config: { name: 'm', layers } });
const conv = (more: object = {}) => plain('Conv2D', 'c', { filters: 1, kernel_size: 2, ...both, ...more });
const head = [plain('Flatten', 'f'), dense('out')];

/** Path and message; a matcher may stand for the latter. */
type Fault = readonly [path: string, message: unknown];

function faults(topology: unknown, input: number[] | null): Fault[] {
  const found = readNetwork(topology, input);
  return 'layers' in found ? [] : found.map(({ path, message }) => [path, message]);
}

/** Every layer's output, in order. */
function outputs(topology: unknown, input: number[]) {
  const network = readNetwork(topology, input);
  if (!('layers' in network)) throw new Error(JSON.stringify(network));
  return network.layers.map(({ output }) => output);
}

const at = (layer: number, rest: string) => `config.layers[${layer}].${rest}`;
const SHAPE = 'config.batch_input_shape';
const WANTED = 'null, then one or more whole numbers are wanted';

describe('a topology says exactly what is wrong with it', () => {
  test.each<[string, unknown, number[] | null, Fault[]]>([
    [
      'a layer that there is not',
      sequential(plain('LSTM', 'a'), dense('b')),
      [4],
      [[at(0, 'class_name'), expect.stringMatching(/^no such layer; there are InputLayer, Dense, .*, Concatenate$/)]],
    ],
    [
      'a name twice',
      sequential(dense('a', 2), dense('a')),
      [4],
      [[at(1, 'config.name'), 'another layer has this name']],
    ],
    [
      'another input than the rows',
      sequential(dense('a', 1, { batch_input_shape: [null, 5] })),
      [4],
      [[at(0, SHAPE), "the plan's features make rows of [4]; here stands [5]"]],
    ],
    [
      'a second input',
      sequential(dense('a'), dense('b', 1, { batch_input_shape: [null, 4] })),
      [4],
      [[at(1, SHAPE), 'only the first layer has one']],
    ],
    ['no input', sequential(dense('a')), null, [[at(0, SHAPE), 'is missing']]],
    ...[4, [4], [null], [4, 4], [null, 0], [null, 1.5], [null, '4'], [null, -1], [null, 4, null]].map(
      (shape): [string, unknown, null, Fault[]] => [
        `an input of ${JSON.stringify(shape)}`,
        sequential(dense('a', 1, { batch_input_shape: shape })),
        null,
        [[at(0, SHAPE), WANTED]],
      ],
    ),
    [
      'a convolution over a row',
      sequential(conv(), ...head),
      [4],
      [[at(0, 'config'), 'needs [height, width, channels], not [4]']],
    ],
    [
      'a convolution over a matrix',
      sequential(conv(), ...head),
      [4, 4],
      [[at(0, 'config'), 'needs [height, width, channels], not [4,4]']],
    ],
    [
      'a convolution over four dimensions',
      sequential(conv(), ...head),
      [4, 4, 1, 1],
      [[at(0, 'config'), 'needs [height, width, channels], not [4,4,1,1]']],
    ],
    [
      'a window that is too high',
      sequential(conv({ kernel_size: [5, 1] }), ...head),
      [4, 8, 1],
      [[at(0, 'config'), 'has a window larger than its input [4,8,1]']],
    ],
    [
      'a window that is too wide',
      sequential(plain('MaxPooling2D', 'p', { pool_size: [1, 9] }), ...head),
      [4, 8, 1],
      [[at(0, 'config'), 'has a window larger than its input [4,8,1]']],
    ],
    [
      'a pool over a row',
      sequential(plain('MaxPooling2D', 'p'), dense('a')),
      [4],
      [[at(0, 'config'), 'needs [height, width, channels], not [4]']],
    ],
    [
      'a global pool over a row',
      sequential(plain('GlobalMaxPooling2D', 'p'), dense('a')),
      [4],
      [[at(0, 'config'), 'needs [height, width, channels], not [4]']],
    ],
    [
      'nothing to flatten',
      sequential(plain('Flatten', 'f'), dense('a')),
      [4],
      [[at(0, 'config'), 'has nothing to flatten in [4]']],
    ],
    [
      'a shape that does not fit',
      sequential(plain('Reshape', 'r', { target_shape: [2, 3] }), dense('a')),
      [4],
      [[at(0, 'config'), 'cannot make [2,3] of [4]: the numbers of elements differ']],
    ],
    [
      'no weights',
      sequential(plain('Reshape', 'r', { target_shape: [2, 2] })),
      [4],
      [['config.layers', 'the model has no weights to train']],
    ],
    [
      'one weight too many',
      sequential(dense('a', 2 ** 14, { use_bias: false }), dense('b', 2 ** 14, { use_bias: false }), dense('c')),
      [2 ** 2],
      [['config.layers', `the model has ${2 ** 16 + 2 ** 28 + 2 ** 14 + 1} weights; at most ${2 ** 28} are allowed`]],
    ],
    [
      'a bias that does not say how it starts',
      sequential(dense('a', 1, { bias_initializer: undefined })),
      [4],
      [[at(0, 'config.bias_initializer'), 'is missing']],
    ],
    [
      'a convolution whose bias does not',
      sequential(conv({ bias_initializer: undefined }), ...head),
      [4, 4, 1],
      [[at(0, 'config.bias_initializer'), 'is missing']],
    ],
    [
      'a convolution with holes',
      sequential(conv({ dilation_rate: 2 }), ...head),
      [4, 4, 1],
      [[at(0, 'config.dilation_rate'), expect.any(String)]],
    ],
    [
      'a configuration that is none',
      sequential({ class_name: 'Dense', config: 7 }),
      [4],
      [[at(0, 'config'), expect.any(String)]],
    ],
    [
      'an odd name',
      { class_name: 'Sequential', config: { name: 'a b', layers: [dense('a')] } },
      [4],
      [['config.name', 'a model is named with 1 to 64 of A-Z a-z 0-9 _ . -']],
    ],
  ])('%s', (_, topology, input, expected) => {
    expect(faults(JSON.parse(JSON.stringify(topology)), input)).toEqual(expected);
  });

  test('the largest model that is allowed has none', () => {
    const wide = sequential(dense('a', 2 ** 14, { use_bias: false }));
    expect(faults(wide, [2 ** 14])).toEqual([]);
    expect(faults(sequential(dense('a', 2 ** 14)), [2 ** 14])).toHaveLength(1);
  });

  test('that of a plan comes as one error with every fault', () => {
    const topology = sequential(plain('LSTM', 'a'), plain('GRU', 'b'));
    const error = thrown(() => networkOf({ kind: 'layers', topology } as never));
    expect(error).toMatchObject({
      code: 'PLAN_INVALID',
      message: expect.stringMatching(
        /^the plan's model cannot be built: model\.topology\.config\.layers\[0\]\.class_name: no such .*; model\.topology\.config\.layers\[1\]\.class_name: no such/,
      ),
      details: { faults: [{ path: at(0, 'class_name') }, { path: at(1, 'class_name') }] },
    });
  });
});

describe('layers make the shapes that Keras makes', () => {
  test('windows, padded or not', () => {
    const layers = (padding: string, strides: unknown) =>
      sequential(conv({ kernel_size: [3, 2], strides, padding }), ...head);
    expect(outputs(layers('valid', [2, 1]), [7, 8, 3])[0]).toEqual([3, 7, 1]);
    expect(outputs(layers('same', [2, 3]), [7, 8, 3])[0]).toEqual([4, 3, 1]);
    // Just as large as its input.
    expect(outputs(layers('valid', 1), [3, 2, 1])[0]).toEqual([1, 1, 1]);
    expect(outputs(sequential(conv({ strides: [1, 1], dilation_rate: 1 }), ...head), [2, 2, 1])[0]).toEqual([1, 1, 1]);
    expect(outputs(sequential(conv({ dilation_rate: [1, 1] }), ...head), [2, 2, 1])[0]).toEqual([1, 1, 1]);
  });

  test('flattening, from two dimensions on', () => {
    expect(outputs(sequential(...head), [2, 3])).toEqual([[6], [1]]);
    expect(outputs(sequential(dense('a', 5), ...head), [2, 3])).toEqual([[2, 5], [10], [1]]);
  });
});

describe('a wired topology says exactly what is wrong with it', () => {
  const input = (name = 'in') => ({
    class_name: 'InputLayer',
    name,
    config: { name, batch_input_shape: [null, 2, 3] },
    inbound_nodes: [] as unknown[],
  });
  const from = (...names: string[]) => [names.map((name) => [name, 0, 0, {}])];
  const layer = (of: { class_name: string; config: { name: string } }, ...names: string[]) => ({
    ...of,
    name: of.config.name,
    inbound_nodes: from(...names),
  });
  const graph = (layers: unknown[], output = 'out', entry = 'in') => ({
    class_name: 'Model',
    config: { name: 'm', layers, input_layers: [[entry, 0, 0]], output_layers: [[output, 0, 0]] },
  });

  test.each<[string, unknown, Fault[]]>([
    [
      'sources that do not stand before',
      graph([input(), layer(dense('out'), 'out')]),
      [[at(1, 'inbound_nodes'), 'no layer "out" stands before it']],
    ],
    [
      'no source',
      graph([input(), { ...dense('out'), name: 'out', inbound_nodes: [] }]),
      [[at(1, 'inbound_nodes'), 'the layer has no input']],
    ],
    [
      'no such output',
      graph([input(), layer(dense('out'), 'in')], 'gone'),
      [['config.output_layers', 'names no layer']],
    ],
    [
      'no such input',
      graph([input(), layer(dense('out'), 'in')], 'out', 'gone'),
      [
        [at(0, 'inbound_nodes'), 'the layer has no input'],
        ['config.input_layers', 'names no InputLayer'],
      ],
    ],
    [
      'another name in its configuration',
      graph([input(), { ...layer(dense('out'), 'in'), config: dense('other').config }]),
      [[at(1, 'name'), 'differs from the name in its config']],
    ],
    [
      'a configuration that is none',
      graph([input(), { ...layer(dense('out'), 'in'), config: null }]),
      [[at(1, 'name'), 'differs from the name in its config']],
    ],
    [
      'two inputs of one that takes one',
      graph([input(), layer(dense('a', 3), 'in'), layer(dense('out'), 'a', 'in')]),
      [[at(2, 'inbound_nodes'), 'Dense takes one input']],
    ],
    [
      'a sum of one',
      graph([input(), layer(plain('Add', 's'), 'in'), layer(dense('out'), 's')]),
      [[at(1, 'config'), 'takes at least two inputs']],
    ],
    [
      'a sum of two shapes, and of a third that fits',
      graph([input(), layer(dense('a', 4), 'in'), layer(plain('Add', 's'), 'in', 'a', 'in'), layer(dense('out'), 's')]),
      [[at(2, 'config'), 'adds inputs of one shape, not [2,3], [2,4], [2,3]']],
    ],
    [
      'one to join',
      graph([input(), layer(plain('Concatenate', 's'), 'in'), layer(dense('out'), 's')]),
      [[at(1, 'config'), 'takes at least two inputs']],
    ],
    [
      'joining what differs in another dimension',
      graph([
        input(),
        layer(plain('Reshape', 'r', { target_shape: [3, 2] }), 'in'),
        layer(plain('Concatenate', 's'), 'in', 'r', 'in'),
        layer(dense('out'), 's'),
      ]),
      [[at(2, 'config'), 'joins inputs that differ in the last dimension only']],
    ],
    [
      'a layer used twice',
      graph([input(), { ...layer(dense('out'), 'in'), inbound_nodes: [...from('in'), ...from('in')] }]),
      [[at(1, 'inbound_nodes'), 'a layer is used once']],
    ],
    [
      'two outputs',
      {
        class_name: 'Model',
        config: {
          ...graph([input(), layer(dense('out'), 'in')]).config,
          output_layers: [
            ['out', 0, 0],
            ['in', 0, 0],
          ],
        },
      },
      [['config.output_layers', 'exactly one is wanted']],
    ],
  ])('%s', (_, topology, expected) => {
    expect(faults(topology, null)).toEqual(expected);
  });

  test('and joins and adds where it can', () => {
    const layers = [
      input(),
      layer(dense('a', 4), 'in'),
      layer(plain('Concatenate', 'j'), 'in', 'a', 'in'),
      layer(plain('Add', 's'), 'j', 'j'),
      layer(dense('out'), 's'),
    ];
    expect(outputs(graph(layers), [2, 3])).toEqual([
      [2, 3],
      [2, 4],
      [2, 10],
      [2, 10],
      [2, 1],
    ]);
    // The output may stand anywhere.
    expect(faults(graph(layers, 'in'), null)).toEqual([]);
    const bare = readNetwork(
      {
        class_name: 'Model',
        config: { ...graph(layers).config, input_layers: ['in', 0, 0], output_layers: ['out', 0, 0] },
      },
      null,
    );
    expect('layers' in bare && bare.output.config.name).toBe('out');
  });
});
