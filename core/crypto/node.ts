import { createCipheriv, createHash } from 'node:crypto';
import type { Crypto } from './port.ts';

/** Node's OpenSSL: some thirty times as fast as JavaScript. The only file of `core` that needs Node. */
export const crypto: Crypto = {
  sha256: () => {
    const hash = createHash('sha256');
    return { update: (piece) => void hash.update(piece), digest: () => hash.digest() };
  },
  aes256Ctr: (key) => {
    const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
    return { blocks: (count) => cipher.update(new Uint8Array(16 * count)) };
  },
};
