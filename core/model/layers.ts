import * as z from 'zod';
import { NAME_PART, RESERVED_PREFIX } from '../tensors/TensorSpec.ts';
import { type Initialiser, initialiserSchema } from './initialisers.ts';

/** A shape without its batch dimension. */
export type Shape = readonly number[];

/** A weight of one layer; `name` is the second part of the tensor's name. */
export interface Weight {
  readonly name: 'kernel' | 'bias';
  readonly shape: Shape;
  readonly initialiser: Initialiser;
}

/** What a layer makes of its inputs; a string says why it cannot. */
export type Inference = { readonly output: Shape; readonly weights: readonly Weight[] } | string;

/** A normalised configuration: every default written in, nothing that says nothing. */
export type LayerConfig = { readonly name: string } & Readonly<Record<string, unknown>>;

/** A layer whose configuration was read. */
export interface ReadLayer {
  readonly config: LayerConfig;
  infer(inputs: readonly Shape[]): Inference;
}

/** One class of layer: reads its configuration, says what it does to shapes. */
export type LayerKind = z.ZodType<ReadLayer>;

export const layerName = z
  .string()
  .regex(NAME_PART, 'a layer is named with 1 to 64 of A-Z a-z 0-9 _ . -')
  .refine((name) => !name.startsWith(RESERVED_PREFIX), `names under ${RESERVED_PREFIX} are reserved`);

const MAX_DIMENSION = 2 ** 24;
const size = z.int().min(1).max(MAX_DIMENSION);
/** A number stands for both sides of a window. */
const pair = z.preprocess(
  (value) => (typeof value === 'number' ? [value, value] : value),
  z.tuple([size, size], { error: 'a whole number, or two in a list, is wanted' }),
);
const ones = z
  .preprocess((value) => (value === 1 ? [1, 1] : value), z.tuple([z.literal(1), z.literal(1)]))
  .default([1, 1]);
const padding = z.enum(['valid', 'same']).default('valid');
const dataFormat = z.literal('channels_last').default('channels_last');
const activations = [
  'linear',
  'relu',
  'elu',
  'selu',
  'sigmoid',
  'hard_sigmoid',
  'softplus',
  'softsign',
  'tanh',
  'softmax',
] as const;
const activation = z.enum(activations);
const unused = z.null({ error: 'not supported: leave it out' }).optional();

/** Keys that `model.toJSON` writes and that can say nothing here; dropped. */
const silent = {
  trainable: z.literal(true, { error: 'every layer is trained: leave it out' }).optional(),
  kernel_regularizer: unused,
  bias_regularizer: unused,
  activity_regularizer: unused,
  kernel_constraint: unused,
  bias_constraint: unused,
};
/** Of the layer that takes the input; whoever reads the topology writes them there. */
const entry = { batch_input_shape: z.unknown().optional(), dtype: z.literal('float32').optional() };
const common = { name: layerName, ...silent, ...entry };
const weighted = {
  ...common,
  activation: activation.default('linear'),
  use_bias: z.boolean().default(true),
  kernel_initializer: initialiserSchema,
  bias_initializer: initialiserSchema.optional(),
};

/** For `refine`: a bias that is used says how it starts. */
const biasSaid = {
  path: ['bias_initializer'],
  error: 'is missing',
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};

function saysBias(config: { use_bias?: unknown; bias_initializer?: unknown }): boolean {
  return config.use_bias === false || config.bias_initializer !== undefined;
}

interface Weighted {
  use_bias: boolean;
  kernel_initializer: Initialiser;
  bias_initializer?: Initialiser | undefined;
}

function kernelAndBias(config: Weighted, kernel: Shape, units: number): Weight[] {
  const weights: Weight[] = [{ name: 'kernel', shape: kernel, initialiser: config.kernel_initializer }];
  if (config.use_bias && config.bias_initializer !== undefined) {
    weights.push({ name: 'bias', shape: [units], initialiser: config.bias_initializer });
  }
  return weights;
}

const Dense = kind(z.strictObject({ ...weighted, units: size }).refine(saysBias, biasSaid), (config, [input = []]) => {
  const fanIn = input.at(-1);
  if (fanIn === undefined) return 'needs an input with at least one dimension';
  return {
    output: [...input.slice(0, -1), config.units],
    weights: kernelAndBias(config, [fanIn, config.units], config.units),
  };
});

const Conv2D = kind(
  z
    .strictObject({
      ...weighted,
      filters: size,
      kernel_size: pair,
      strides: pair.default([1, 1]),
      padding,
      data_format: dataFormat,
      dilation_rate: ones,
    })
    .refine(saysBias, biasSaid),
  (config, inputs) => {
    const image = imageOf(inputs);
    if (typeof image === 'string') return image;
    const [height, width, channels] = image;
    const field = window([height, width], config.kernel_size, config.strides, config.padding);
    if (field === null) return windowFault(image);
    return {
      output: [...field, config.filters],
      weights: kernelAndBias(config, [...config.kernel_size, channels, config.filters], config.filters),
    };
  },
);

const pooling = kind(
  z
    .strictObject({
      ...common,
      pool_size: pair.default([2, 2]),
      strides: pair.nullable().optional(),
      padding,
      data_format: dataFormat,
    })
    .transform((config) => ({ ...config, strides: config.strides ?? config.pool_size })),
  (config, inputs) => {
    const image = imageOf(inputs);
    if (typeof image === 'string') return image;
    const [height, width, channels] = image;
    const field = window([height, width], config.pool_size, config.strides, config.padding);
    return field === null ? windowFault(image) : { output: [...field, channels], weights: [] };
  },
);

const globalPooling = kind(z.strictObject({ ...common, data_format: dataFormat }), (_, inputs) => {
  const image = imageOf(inputs);
  return typeof image === 'string' ? image : { output: [image[2]], weights: [] };
});

const Flatten = kind(z.strictObject({ ...common, data_format: dataFormat }), (_, [input = []]) =>
  input.length < 2 ? `has nothing to flatten in [${input}]` : { output: [product(input)], weights: [] },
);

const Reshape = kind(
  z.strictObject({ ...common, target_shape: z.array(size).min(1).max(4) }),
  (config, [input = []]) =>
    product(config.target_shape) === product(input)
      ? { output: config.target_shape, weights: [] }
      : `cannot make [${config.target_shape}] of [${input}]: the numbers of elements differ`,
);

const Activation = kind(z.strictObject({ ...common, activation }), (_, [input = []]) => ({
  output: input,
  weights: [],
}));

const InputLayer = kind(z.strictObject({ ...common, sparse: z.literal(false).default(false) }), (_, [input = []]) => ({
  output: input,
  weights: [],
}));

const Add = kind(z.strictObject(common), (_, inputs) => {
  const [first = [], ...others] = inputs;
  if (others.length === 0) return 'takes at least two inputs';
  const same = others.every((other) => String(other) === String(first));
  if (!same) return `adds inputs of one shape, not ${inputs.map((input) => `[${input}]`).join(', ')}`;
  return { output: first, weights: [] };
});

const Concatenate = kind(z.strictObject({ ...common, axis: z.literal(-1).default(-1) }), (_, inputs) => {
  const [first = [], ...others] = inputs;
  if (others.length === 0) return 'takes at least two inputs';
  const same = others.every((other) => String(other.slice(0, -1)) === String(first.slice(0, -1)));
  if (!same) return 'joins inputs that differ in the last dimension only';
  const last = inputs.reduce((sum, input) => sum + (input.at(-1) ?? 0), 0);
  return { output: [...first.slice(0, -1), last], weights: [] };
});

/** Every class of layer that a plan may use. */
export const layerKinds: Readonly<Record<string, LayerKind>> = {
  InputLayer,
  Dense,
  Conv2D,
  MaxPooling2D: pooling,
  AveragePooling2D: pooling,
  GlobalAveragePooling2D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  Flatten,
  Reshape,
  Activation,
  Add,
  Concatenate,
};

/** The classes that take several inputs. */
export const merging: ReadonlySet<string> = new Set(['Add', 'Concatenate']);

function kind<C extends { name: string }>(
  schema: z.ZodType<C>,
  infer: (config: C, inputs: readonly Shape[]) => Inference,
): LayerKind {
  return schema.transform((config) => ({
    config: strip(config),
    infer: (inputs: readonly Shape[]) => infer(config, inputs),
  }));
}

function strip(config: { name: string; use_bias?: unknown }): LayerConfig {
  const idle = config.use_bias === false ? ['bias_initializer'] : [];
  const kept = Object.entries(config).filter(
    ([key, value]) => value !== undefined && !(key in silent) && !(key in entry) && !idle.includes(key),
  );
  return { ...Object.fromEntries(kept), name: config.name };
}

function imageOf([input = []]: readonly Shape[]): readonly [number, number, number] | string {
  const [height, width, channels, ...rest] = input;
  if (height === undefined || width === undefined || channels === undefined || rest.length > 0) {
    return `needs [height, width, channels], not [${input}]`;
  }
  return [height, width, channels];
}

/** Output sides of a sliding window (Dumoulin and Visin 2016, relationships 5 and 6, as TensorFlow pads). */
function window(
  sides: readonly [number, number],
  size: readonly [number, number],
  strides: readonly [number, number],
  padding: 'valid' | 'same',
): readonly [number, number] | null {
  const side = (i: 0 | 1) =>
    padding === 'same' ? Math.ceil(sides[i] / strides[i]) : Math.floor((sides[i] - size[i]) / strides[i]) + 1;
  const out = [side(0), side(1)] as const;
  return out[0] < 1 || out[1] < 1 ? null : out;
}

function windowFault(image: Shape): string {
  return `has a window larger than its input [${image}]`;
}

function product(shape: Shape): number {
  return shape.reduce((all, dimension) => all * dimension, 1);
}
