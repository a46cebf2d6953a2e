import { sha256 } from './sha256.ts';
import { type Digest, isDigest } from './values.ts';

/** A dataset's id on chain: the SHA-256 of its name's UTF-8 bytes; an id as 0x-hex stands for itself. */
export function datasetId(name: string): Digest {
  const lower = name.toLowerCase();
  return isDigest(lower) ? lower : sha256(new TextEncoder().encode(name));
}
