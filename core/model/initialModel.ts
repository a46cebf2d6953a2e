import type { Plan } from '../plan/Plan.ts';
import { purposes } from '../random/purposes.ts';
import { RandomStream } from '../random/RandomStream.ts';
import { startSha256 } from '../sha256.ts';
import { asBytes } from '../tensors/floats.ts';
import { encodeHeader, fileLength } from '../tensors/header.ts';
import { elementCount } from '../tensors/TensorSpec.ts';
import { concatBytes, type Digest } from '../values.ts';
import { drawFrom } from './initialisers.ts';
import { networkOf } from './network.ts';
import { modelTensors, tensorSpecs } from './tensorSpecs.ts';

/** Elements made at a time: a mebibyte. */
const PIECE = 256 * 1024;

/**
 * The model that a study starts from, in pieces of a mebibyte at most, each in memory of its own: a file without
 * metadata, its tensors filled in file order from the one stream (plan seed, "init"). The same bytes on every machine,
 * whatever trains it later.
 *
 * @throws SyndicError PLAN_INVALID when the model is not one that `checkPlan` made
 */
export function* initialModelPieces(plan: Pick<Plan, 'seed' | 'model'>): Generator<Uint8Array<ArrayBuffer>> {
  const stream = RandomStream.of(plan.seed, purposes.init);
  const tensors = modelTensors(networkOf(plan.model));
  yield new Uint8Array(encodeHeader(tensors.map(({ name, shape, dtype }) => ({ name, shape, dtype }))));
  for (const { shape, initialiser } of tensors) {
    const draw = drawFrom(initialiser, shape, stream);
    const count = elementCount(shape);
    for (let at = 0; at < count; at += PIECE) {
      const values = new Float32Array(Math.min(PIECE, count - at));
      for (let i = 0; i < values.length; i++) values[i] = draw();
      yield asBytes(values);
    }
  }
}

/** Bytes of that file. @throws as `initialModelPieces` */
export function initialLength(plan: Pick<Plan, 'model'>): number {
  return fileLength(tensorSpecs(plan.model));
}

/** The same in one. @throws as `initialModelPieces` */
export function initialModel(plan: Pick<Plan, 'seed' | 'model'>): Uint8Array {
  return concatBytes([...initialModelPieces(plan)]);
}

/** The ledger's `initialModel`: the SHA-256 of that file. */
export function initialDigest(plan: Pick<Plan, 'seed' | 'model'>): Digest {
  const hash = startSha256();
  for (const piece of initialModelPieces(plan)) hash.update(piece);
  return hash.digest();
}
