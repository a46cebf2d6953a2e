import { SyndicError } from '../errors/SyndicError.ts';
import { bytesToHex, type Digest, digest, isDigest } from '../values.ts';
import type { Metadata } from './header.ts';

/**
 * The metadata of every file that was made from a site's data: 32 fresh random bytes. Without them a digest on chain
 * would let anyone who guesses a hospital's rows confirm the guess.
 *
 * @param salt 32 bytes from the operating system's generator
 * @throws RangeError when it is not 32 bytes
 */
export function updateMetadata(salt: Uint8Array | Digest): { salt: Digest } {
  return { salt: digest(typeof salt === 'string' ? salt : bytesToHex(salt)) };
}

/**
 * The salt in a file's metadata, which must hold nothing else.
 *
 * @throws SyndicError SALT_MISSING
 */
export function saltOf(metadata: Metadata): Digest {
  const { salt, ...others } = metadata;
  if (!isDigest(salt)) {
    throw new SyndicError('SALT_MISSING', 'update has no salt: put 32 random bytes, as 0x-hex, into its __metadata__');
  }
  const unknown = Object.keys(others);
  if (unknown.length > 0) {
    throw new SyndicError('TENSORS_INVALID', `update has metadata besides its salt: ${unknown.join(', ')}`, {
      unknown,
    });
  }
  return salt;
}
