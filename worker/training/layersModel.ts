import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, type layers, models } from '@tensorflow/tfjs-layers';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { ModelPlan } from '../../core/plan/Plan.ts';
import { decodeFile, type NamedTensor } from '../../core/tensors/file.ts';

type Layer = layers.Layer;
type Weight = Layer['weights'][number];

/** A plan's model in TensorFlow.js, its weights known by the plan's names alone. Dispose of it when done. */
export class PlannedModel {
  private readonly model: LayersModel;
  private readonly weights: ReadonlyMap<string, Weight>;

  private constructor(model: LayersModel) {
    this.model = model;
    this.weights = new Map(
      model.layers.flatMap((layer) => layer.weights.map((weight) => [weightName(layer, weight), weight] as const)),
    );
  }

  /** @throws SyndicError PLAN_INVALID when TensorFlow.js cannot build the topology */
  static async build(plan: ModelPlan): Promise<PlannedModel> {
    try {
      // A copy: TensorFlow.js renames keys of what it is given in place.
      return new PlannedModel(await models.modelFromJSON(JSON.parse(JSON.stringify(plan.topology))));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SyndicError('PLAN_INVALID', `TensorFlow.js cannot build the plan's model: ${reason}`, {}, { cause });
    }
  }

  /** The model's output for each row: probabilities of class 1. */
  apply(x: tf.Tensor, training: boolean): tf.Tensor {
    const output = this.model.apply(x, { training });
    if (Array.isArray(output) || !(output instanceof tf.Tensor)) {
      throw new SyndicError('PLAN_INVALID', "the plan's model must have one output");
    }
    return output;
  }

  /** Shape of one row, as the model's only input takes it. */
  get inputShape(): number[] {
    const [input, ...others] = this.model.inputs;
    if (input === undefined || others.length > 0) {
      throw new SyndicError('PLAN_INVALID', "the plan's model must have one input");
    }
    return input.shape.slice(1).map((size) => size ?? Number.NaN);
  }

  /** What the optimiser changes. */
  get variables(): tf.Variable[] {
    return this.model.trainableWeights.flatMap((weight) => {
      const variable = weight.read();
      return variable instanceof tf.Variable ? [variable] : [];
    });
  }

  /** @throws SyndicError TENSORS_MISMATCH unless the file holds exactly the model's tensors */
  load(file: Uint8Array): void {
    const { tensors } = decodeFile(file);
    const got = [...tensors].map(([name, { shape }]) => `${name}[${shape}]`).sort();
    const want = [...this.weights].map(([name, weight]) => `${name}[${weight.shape}]`).sort();
    if (got.join() !== want.join()) {
      throw new SyndicError(
        'TENSORS_MISMATCH',
        `the model file holds ${got.join(' ')}; the plan's model has ${want.join(' ')}`,
        {
          got,
          want,
        },
      );
    }
    for (const [name, { shape, data }] of tensors) {
      const value = tf.tensor(data, [...shape], 'float32');
      this.weights.get(name)?.write(value);
      value.dispose();
    }
  }

  /** Copies of all weights. */
  tensors(): NamedTensor[] {
    return [...this.weights].map(([name, weight]) => {
      const value = weight.read();
      return { name, shape: [...value.shape], data: new Float32Array(value.dataSync()) };
    });
  }

  dispose(): void {
    this.model.dispose();
  }
}

/** `<layer>/<weight>`. TensorFlow.js's own `name` carries a counter of the process; `originalName` does not. */
function weightName(layer: Layer, weight: Weight): string {
  return `${layer.name}/${weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1)}`;
}
