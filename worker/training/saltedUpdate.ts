import { randomBytes } from 'node:crypto';
import { decodeFile, type NamedTensor } from '../../core/tensors/file.ts';
import { updatePieces } from '../../core/tensors/updatePieces.ts';

/**
 * The update file that leaves a site, under a salt of 32 fresh random bytes: see `updatePieces`.
 *
 * @param base the round's base model, a whole file
 * @param local the site's tensors after its work
 */
export function saltedUpdate(base: Uint8Array, local: readonly NamedTensor[]): Generator<Uint8Array> {
  return updatePieces(decodeFile(base), local, new Uint8Array(randomBytes(32)));
}
