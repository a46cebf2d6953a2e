import * as z from 'zod';
import { type Initialiser, initialiserSchema } from '../model/initialisers.ts';
import { type Network, readNetwork } from '../model/network.ts';
import { below, type Fault, faultsOf, reporting } from '../schemas.ts';

type Layer = Readonly<Record<string, unknown>>;
/** A network, or every fault with its path from the plan's root. */
export type Expanded = Network | readonly Fault[];

const units = z.int().min(1).max(65_536);
const activation = z.enum(['relu', 'elu', 'selu', 'sigmoid', 'softplus', 'softsign', 'tanh', 'linear']).default('relu');
/** An initialiser without parameters may be its name alone. */
const initialiser = z.preprocess(
  (value) => (typeof value === 'string' ? { class_name: value, config: {} } : value),
  initialiserSchema,
);
const one = z.union([z.string(), z.looseObject({ class_name: z.string() })]);
/** One initialiser for every weight, or one for kernels and one for biases. */
const init = z.preprocess(
  (value) => (one.safeParse(value).success ? { kernel: value, bias: value } : value),
  z.strictObject({ kernel: initialiser.optional(), bias: initialiser.optional() }).prefault({}),
);

const shorthand = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('logistic'), init }),
  z.strictObject({ kind: z.literal('mlp'), hidden: z.array(units).min(1).max(100), activation, init }),
  z.strictObject({
    kind: z.literal('cnn'),
    /** Height, width, channels of the picture that a row's features are, row-major. */
    image: z.tuple([units, units, units]),
    filters: z.array(units).min(1).max(20).default([8, 16]),
    kernelSize: z.int().min(1).max(64).default(3),
    dense: units.default(32),
    activation,
    init,
  }),
  z.strictObject({ kind: z.literal('layers'), topology: z.unknown() }),
]);

type Shorthand = z.infer<typeof shorthand>;
type Init = Shorthand extends infer S ? (S extends { init: infer I } ? I : never) : never;

/**
 * A plan's `model` as a network with every layer named and every initialiser written out.
 *
 * `logistic`: one Dense `logit`, sigmoid, by default from U(±1/√width). `mlp`: Dense `hidden1` … , then `logit`.
 * `cnn`: `image`, then `conv1`, `pool1` … , `flat`, `hidden`, `logit`. In both, kernels start as GlorotUniform and
 * biases as Zeros by default. `layers`: a topology as `model.toJSON` of TensorFlow.js writes it.
 *
 * @param width numbers in a row after encoding; null when the plan's features are at fault
 */
export function expandModel(written: unknown, width: number | null): Expanded {
  const result = shorthand.safeParse(written, reporting);
  if (!result.success) return faultsOf(result.error).map((fault) => at('model', fault));
  const model = result.data;
  if (model.kind === 'layers') return raw(model.topology, width);
  // Without a width only the shorthand's own fields can be checked.
  if (width === null) return [];
  const network = readNetwork(sequential(model, width), [width]);
  return 'layers' in network ? network : network.map(({ message }) => ({ path: 'model', message }));
}

function raw(topology: unknown, width: number | null): Expanded {
  const network = readNetwork(topology, width === null ? null : [width]);
  if (!('layers' in network)) return network.map((fault) => at('model.topology', fault));
  const { output, className, config } = { ...network.output, output: String(network.output.output) };
  const faults: Fault[] = [];
  const path = 'model.topology';
  if (output !== '1') faults.push({ path, message: `a binary label takes one output a row; this makes [${output}]` });
  if (config.activation !== 'sigmoid') {
    faults.push({ path, message: `binaryCrossentropy takes a sigmoid at the end; here is ${className} without` });
  }
  return faults.length > 0 ? faults : network;
}

function at(root: string, fault: Fault): Fault {
  return { path: below(root, fault.path), message: fault.message };
}

function sequential(model: Exclude<Shorthand, { kind: 'layers' }>, width: number): unknown {
  return { class_name: 'Sequential', config: { name: model.kind, layers: layersOf(model, width) } };
}

function layersOf(model: Exclude<Shorthand, { kind: 'layers' }>, width: number): readonly Layer[] {
  if (model.kind === 'logistic') {
    const bound = 1 / Math.sqrt(width);
    const flat: Initialiser = { class_name: 'RandomUniform', config: { minval: -bound, maxval: bound } };
    return [dense('logit', 1, 'sigmoid', model.init, { kernel: flat, bias: flat })];
  }
  const hidden =
    model.kind === 'mlp'
      ? model.hidden.map((size, i) => dense(`hidden${i + 1}`, size, model.activation, model.init))
      : convolutions(model);
  return [...hidden, dense('logit', 1, 'sigmoid', model.init)];
}

function convolutions(model: Extract<Shorthand, { kind: 'cnn' }>): readonly Layer[] {
  const blocks = model.filters.flatMap((filters, i) => [
    layer('Conv2D', `conv${i + 1}`, {
      filters,
      kernel_size: model.kernelSize,
      padding: 'same',
      activation: model.activation,
      ...initialisers(model.init, glorot),
    }),
    layer('MaxPooling2D', `pool${i + 1}`, { pool_size: 2 }),
  ]);
  return [
    layer('Reshape', 'image', { target_shape: model.image }),
    ...blocks,
    layer('Flatten', 'flat', {}),
    dense('hidden', model.dense, model.activation, model.init),
  ];
}

interface Defaults {
  readonly kernel: Initialiser;
  readonly bias: Initialiser;
}

const glorot: Defaults = {
  kernel: { class_name: 'GlorotUniform', config: {} },
  bias: { class_name: 'Zeros', config: {} },
};

function dense(name: string, size: number, activation: string, init: Init, defaults: Defaults = glorot): Layer {
  return layer('Dense', name, { units: size, activation, ...initialisers(init, defaults) });
}

function initialisers(init: Init, defaults: Defaults): Layer {
  return {
    kernel_initializer: init.kernel ?? defaults.kernel,
    bias_initializer: init.bias ?? defaults.bias,
  };
}

function layer(className: string, name: string, config: Layer): Layer {
  return { class_name: className, config: { name, ...config } };
}
