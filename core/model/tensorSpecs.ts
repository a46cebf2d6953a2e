import type { ModelPlan } from '../plan/Plan.ts';
import { compareNames, type TensorSpec } from '../tensors/TensorSpec.ts';
import type { Initialiser } from './initialisers.ts';
import { type Network, networkOf } from './network.ts';

/** A model's tensor and how it starts. */
export interface ModelTensor extends TensorSpec {
  readonly initialiser: Initialiser;
}

/**
 * The tensors of a model file, in file order (by the UTF-8 bytes of the name): `<layer>/<weight>`, such as
 * `logit/kernel`. The names come from the plan alone, never from a library's counters.
 *
 * @throws SyndicError PLAN_INVALID when the model is not one that `checkPlan` made
 */
export function tensorSpecs(model: ModelPlan): TensorSpec[] {
  return modelTensors(networkOf(model)).map(({ name, shape, dtype }) => ({ name, shape, dtype }));
}

/** The same with each tensor's initialiser. */
export function modelTensors(network: Network): ModelTensor[] {
  return network.layers
    .flatMap((layer) =>
      layer.weights.map((weight) => ({
        name: `${layer.config.name}/${weight.name}`,
        shape: weight.shape,
        dtype: 'F32' as const,
        initialiser: weight.initialiser,
      })),
    )
    .sort((a, b) => compareNames(a.name, b.name));
}
