import { SyndicError } from '../errors/SyndicError.ts';
import type { Digest } from '../values.ts';
import { type DecodedFile, encodeFile, type NamedTensor } from './file.ts';
import { updateMetadata } from './salt.ts';

/**
 * An update file: for each of the base's tensors f32(local) − f32(base), rounded to f32, with the salt in its
 * metadata.
 *
 * @param local the model after local training: the base's names and shapes, in any order
 * @param salt 32 fresh bytes from the operating system's generator
 * @throws SyndicError TENSORS_MISMATCH when `local` has not the base's tensors; NOT_FINITE when a difference is NaN or
 * infinite
 */
export function encodeUpdate(
  base: Pick<DecodedFile, 'tensors'>,
  local: readonly NamedTensor[],
  salt: Uint8Array | Digest,
): Uint8Array {
  const byName = new Map(local.map((tensor) => [tensor.name, tensor]));
  if (byName.size !== local.length || byName.size !== base.tensors.size)
    throw mismatch(local.length, base.tensors.size);
  const update = [...base.tensors].map(([name, tensor]): NamedTensor => {
    const trained = byName.get(name);
    if (trained === undefined || trained.shape.join() !== tensor.shape.join()) throw mismatch(name, tensor.shape);
    return { name, shape: tensor.shape, data: difference(name, trained.data, tensor.data) };
  });
  return encodeFile(update, updateMetadata(salt));
}

function mismatch(got: unknown, want: unknown): SyndicError {
  return new SyndicError('TENSORS_MISMATCH', 'the trained tensors are not those of the base model', { got, want });
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
