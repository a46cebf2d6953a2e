import { SyndicError } from '../errors/SyndicError.ts';
import type { Digest } from '../values.ts';
import { type DecodedFile, encodeFile, type NamedTensor } from './file.ts';
import { updateMetadata } from './salt.ts';

/**
 * An update file: for each of the base's tensors f32(local) − f32(base), rounded to f32, with the salt in its
 * metadata.
 *
 * @param local the model after local training, by tensor name
 * @param salt 32 fresh bytes from the operating system's generator
 * @throws SyndicError TENSORS_MISMATCH when `local` has not the base's tensors; NOT_FINITE when a difference is NaN or
 * infinite
 */
export function encodeUpdate(
  base: DecodedFile,
  local: ReadonlyMap<string, Float32Array>,
  salt: Uint8Array | Digest,
): Uint8Array {
  const tensors: NamedTensor[] = [];
  for (const [name, tensor] of base.tensors) {
    const trained = local.get(name);
    if (trained === undefined || trained.length !== tensor.data.length) {
      throw new SyndicError('TENSORS_MISMATCH', `the trained model's ${name} is not the base model's`, { name });
    }
    tensors.push({ name, shape: tensor.shape, data: difference(name, trained, tensor.data) });
  }
  if (local.size !== base.tensors.size) {
    throw new SyndicError('TENSORS_MISMATCH', 'the trained model has tensors that the base model lacks');
  }
  return encodeFile(tensors, updateMetadata(salt));
}

function difference(name: string, local: Float32Array, base: Float32Array): Float32Array {
  const out = new Float32Array(base.length);
  for (let i = 0; i < out.length; i++) {
    // Subtracting in float64 and rounding once to f32 is the correctly rounded f32 difference.
    const value = Math.fround((local[i] ?? Number.NaN) - (base[i] ?? Number.NaN));
    if (!Number.isFinite(value)) {
      throw new SyndicError('NOT_FINITE', `local training left ${name}[${i}] as ${value}: lower the learning rate`, {
        name,
        element: i,
      });
    }
    out[i] = value;
  }
  return out;
}
