import type { Plan } from '../plan/Plan.ts';
import { purposes } from '../random/purposes.ts';
import { RandomStream } from '../random/RandomStream.ts';
import { sha256 } from '../sha256.ts';
import { encodeFile } from '../tensors/file.ts';
import type { Digest } from '../values.ts';
import { fill } from './initialisers.ts';
import { networkOf } from './network.ts';
import { modelTensors } from './tensorSpecs.ts';

/**
 * The model that a study starts from: a file without metadata, its tensors filled in file order from the one stream
 * (plan seed, "init"). The same bytes on every machine, whatever trains it later.
 *
 * @throws SyndicError PLAN_INVALID when the model is not one that `checkPlan` made
 */
export function initialModel(plan: Pick<Plan, 'seed' | 'model'>): Uint8Array {
  const stream = RandomStream.of(plan.seed, purposes.init);
  const tensors = modelTensors(networkOf(plan.model));
  return encodeFile(
    tensors.map(({ name, shape, initialiser }) => ({ name, shape, data: fill(initialiser, shape, stream) })),
  );
}

/** The ledger's `initialModel`: the SHA-256 of that file. */
export function initialDigest(plan: Pick<Plan, 'seed' | 'model'>): Digest {
  return sha256(initialModel(plan));
}
