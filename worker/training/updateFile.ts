import { randomBytes } from 'node:crypto';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { decodeFile, encodeFile, type NamedTensor } from '../../core/tensors/file.ts';
import { updateMetadata } from '../../core/tensors/salt.ts';

/**
 * The update that leaves a site: f32(local) − f32(base), rounded to f32, salted.
 *
 * @param base the round's base model, a whole file
 * @param local the site's tensors after its work: the base's names and shapes, in any order
 * @param salt 32 fresh random bytes; give one only in tests
 * @returns a whole safetensors file
 * @throws SyndicError TENSORS_MISMATCH; NOT_FINITE when a difference is NaN or infinite
 */
export function updateFile(
  base: Uint8Array,
  local: readonly NamedTensor[],
  salt: Uint8Array = new Uint8Array(randomBytes(32)),
): Uint8Array {
  const { tensors } = decodeFile(base);
  const byName = new Map(local.map((tensor) => [tensor.name, tensor]));
  if (byName.size !== local.length || byName.size !== tensors.size) throw mismatch(local.length, tensors.size);
  const update = [...tensors].map(([name, tensor]): NamedTensor => {
    const trained = byName.get(name);
    if (trained === undefined || trained.shape.join() !== tensor.shape.join()) throw mismatch(name, tensor.shape);
    return { name, shape: tensor.shape, data: difference(trained.data, tensor.data, name) };
  });
  return encodeFile(update, updateMetadata(salt));
}

function difference(local: Float32Array, base: Float32Array, name: string): Float32Array {
  // The subtraction runs in float64, where the difference of two f32 is rounded once at most before it is stored:
  // the same bits as a subtraction in f32 (float64 has more than 2·24 + 2 bits).
  const out = Float32Array.from(base, (value, i) => (local[i] ?? Number.NaN) - value);
  if (!out.every(Number.isFinite)) {
    throw new SyndicError(
      'NOT_FINITE',
      `the update of tensor ${name} is not finite: training diverged; the plan's learning rate may be too high`,
      { tensor: name },
    );
  }
  return out;
}

function mismatch(got: unknown, want: unknown): SyndicError {
  return new SyndicError('TENSORS_MISMATCH', 'the trained tensors are not those of the base model', { got, want });
}
