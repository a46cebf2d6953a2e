import { SyndicError } from '../errors/SyndicError.ts';
import type { Digest } from '../values.ts';
import { type DecodedFile, fillFile, type NamedTensor } from './file.ts';
import { firstNotFinite } from './floats.ts';
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
  const tensors = [...base.tensors].map(([name, { shape, data }]) => {
    const trained = byName.get(name);
    if (trained === undefined || trained.shape.join() !== shape.join()) throw mismatch(name, shape);
    return { name, shape, base: data, local: trained.data };
  });
  return fillFile(tensors, updateMetadata(salt), ({ name, base, local }, values) => {
    if (subtract(local, base, values)) return;
    const element = firstNotFinite(values);
    if (element === null) return;
    throw new SyndicError(
      'NOT_FINITE',
      `local training left ${name}[${element}] as ${values[element]}: lower the learning rate`,
      { name, element },
    );
  });
}

/** Writes the differences. @returns whether all are finite */
function subtract(local: Float32Array, base: Float32Array, values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    // Subtracting in float64 and rounding once to f32 is the correctly rounded f32 difference.
    const difference = Math.fround((local[i] ?? Number.NaN) - (base[i] ?? Number.NaN));
    values[i] = difference;
    // 0 of what is finite, NaN of what is not.
    sum += difference - difference;
  }
  return sum === 0;
}

function mismatch(got: unknown, want: unknown): SyndicError {
  return new SyndicError('TENSORS_MISMATCH', 'the trained tensors are not those of the base model', { got, want });
}
