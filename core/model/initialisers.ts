import * as z from 'zod';
import type { RandomStream } from '../random/RandomStream.ts';
import { elementCount } from '../tensors/TensorSpec.ts';

/** How a weight tensor is filled, as a topology spells it. */
export type Initialiser = z.infer<typeof initialiserSchema>;

const number = z.number();
const none = z.strictObject({}).prefault({});
/** The plan's seed decides; TensorFlow.js writes `seed: null`. */
const seed = z.null({ error: 'the plan has the one seed: leave it out here' }).optional();
const seedOnly = z
  .strictObject({ seed })
  .prefault({})
  .transform(() => ({}));

const uniformConfig = z
  .strictObject({ minval: number, maxval: number, seed })
  .refine(({ minval, maxval }) => minval <= maxval, 'minval is above maxval')
  .transform(({ minval, maxval }) => ({ minval, maxval }));
const normalConfig = z
  .strictObject({ mean: number, stddev: number.min(0), seed })
  .transform(({ mean, stddev }) => ({ mean, stddev }));

const plain = z.discriminatedUnion('class_name', [
  z.strictObject({ class_name: z.literal('Zeros'), config: none }),
  z.strictObject({ class_name: z.literal('Ones'), config: none }),
  z.strictObject({ class_name: z.literal('Constant'), config: z.strictObject({ value: number }) }),
  z.strictObject({ class_name: z.literal('RandomUniform'), config: uniformConfig }),
  z.strictObject({ class_name: z.literal('RandomNormal'), config: normalConfig }),
  z.strictObject({ class_name: z.literal('GlorotUniform'), config: seedOnly }),
  z.strictObject({ class_name: z.literal('GlorotNormal'), config: seedOnly }),
  z.strictObject({ class_name: z.literal('HeUniform'), config: seedOnly }),
  z.strictObject({ class_name: z.literal('HeNormal'), config: seedOnly }),
]);

/** What `model.toJSON` of TensorFlow.js writes for the Glorot and He initialisers. */
const scalings: Readonly<Record<string, string>> = {
  '1 fan_avg uniform': 'GlorotUniform',
  '1 fan_avg normal': 'GlorotNormal',
  '2 fan_in uniform': 'HeUniform',
  '2 fan_in normal': 'HeNormal',
};

/** Takes the nine that Syndic fills itself, and the four of them that TensorFlow.js spells `VarianceScaling`. */
export const initialiserSchema = z.preprocess(byOwnName, plain);

function byOwnName(value: unknown): unknown {
  const scaling = scalingSchema.safeParse(value);
  if (!scaling.success) return value;
  const { scale, mode, distribution } = scaling.data.config;
  const name = scalings[`${scale} ${mode} ${distribution}`];
  return name === undefined ? value : { class_name: name, config: {} };
}

const scalingSchema = z.object({
  class_name: z.literal('VarianceScaling'),
  config: z.strictObject({ scale: z.number(), mode: z.string(), distribution: z.string(), seed }),
});

/**
 * How a tensor is filled, row-major, from the stream: one draw an element, in float64, to be rounded to float32. Zeros,
 * Ones and Constant draw nothing.
 *
 * - RandomUniform: minval + (maxval − minval) · u
 * - RandomNormal: mean + stddev · n
 * - GlorotUniform: U(−l, l), l = √(6 / (fanIn + fanOut)); GlorotNormal: stddev √(2 / (fanIn + fanOut))
 *   (Glorot and Bengio, AISTATS 2010, eq. 16 and 12)
 * - HeUniform: U(−l, l), l = √(6 / fanIn); HeNormal: stddev √(2 / fanIn) (He et al., ICCV 2015, eq. 10)
 *
 * u is `stream.uniform()`, n is `stream.normal()`; normals are not truncated.
 */
export function drawFrom(initialiser: Initialiser, shape: readonly number[], stream: RandomStream): () => number {
  const uniform = (low: number, high: number) => () => low + (high - low) * stream.uniform();
  const normal = (mean: number, stddev: number) => () => mean + stddev * stream.normal();
  const { fanIn, fanOut } = fans(shape);
  const within = (limit: number) => uniform(-limit, limit);
  switch (initialiser.class_name) {
    case 'Zeros':
      return () => 0;
    case 'Ones':
      return () => 1;
    case 'Constant':
      return () => initialiser.config.value;
    case 'RandomUniform':
      return uniform(initialiser.config.minval, initialiser.config.maxval);
    case 'RandomNormal':
      return normal(initialiser.config.mean, initialiser.config.stddev);
    case 'GlorotUniform':
      return within(Math.sqrt(6 / (fanIn + fanOut)));
    case 'GlorotNormal':
      return normal(0, Math.sqrt(2 / (fanIn + fanOut)));
    case 'HeUniform':
      return within(Math.sqrt(6 / fanIn));
    case 'HeNormal':
      return normal(0, Math.sqrt(2 / fanIn));
  }
}

/**
 * Fans as Keras and TensorFlow.js count them: a matrix has [in, out]; a convolution [height, width, in, out], each
 * times the receptive field; anything else √(elements) both.
 */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const [last = 1, before = 1, ...field] = shape.toReversed();
  if (shape.length < 2) {
    const root = Math.sqrt(elementCount(shape));
    return { fanIn: root, fanOut: root };
  }
  const receptive = field.reduce((product, dimension) => product * dimension, 1);
  return { fanIn: before * receptive, fanOut: last * receptive };
}
