import { crypto } from '#crypto';
import { bytesToHex, type Digest } from './values.ts';

/** SHA-256 (FIPS 180-4) of `bytes`, as 0x-hex. Files and documents are named by it. */
export function sha256(bytes: Uint8Array): Digest {
  const hash = crypto.sha256();
  hash.update(bytes);
  return bytesToHex(hash.digest()) as Digest;
}

/** The same of bytes that come one piece after the other. */
export async function sha256Of(pieces: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = crypto.sha256();
  for await (const piece of pieces) hash.update(piece);
  return bytesToHex(hash.digest()) as Digest;
}

/** The same of bytes that are not all there yet. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** Ends it: nothing can be added any more. */
  digest(): Digest;
}

export function startSha256(): Sha256 {
  const hash = crypto.sha256();
  return {
    update: (bytes) => hash.update(bytes),
    digest: () => bytesToHex(hash.digest()) as Digest,
  };
}
