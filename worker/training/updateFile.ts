import { randomBytes } from 'node:crypto';
import { encodeUpdate } from '../../core/tensors/encodeUpdate.ts';
import { decodeFile, type NamedTensor } from '../../core/tensors/file.ts';

/**
 * The update that leaves a site: f32(local) − f32(base), rounded to f32, under a salt of 32 fresh random bytes.
 *
 * @param base the round's base model, a whole file
 * @param local the site's tensors after its work: the base's names and shapes, in any order
 * @param salt give one only in tests
 * @returns a whole safetensors file
 * @throws SyndicError TENSORS_MISMATCH; NOT_FINITE when a difference is NaN or infinite
 */
export function updateFile(
  base: Uint8Array,
  local: readonly NamedTensor[],
  salt: Uint8Array = new Uint8Array(randomBytes(32)),
): Uint8Array {
  return encodeUpdate(decodeFile(base), local, salt);
}
