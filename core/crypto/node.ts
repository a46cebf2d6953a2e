import { createCipheriv, createHash } from 'node:crypto';
// The module alone, by its path: the library's index makes four other WebAssembly modules ready, and takes 0.1 s for it.
import { instantiateSecp256k1 } from '@bitauth/libauth/build/lib/crypto/secp256k1.js';
import type { Crypto } from './port.ts';

const secp256k1 = await instantiateSecp256k1();

/**
 * Node's OpenSSL, some thirty times as fast as JavaScript, and bitcoin-core's libsecp256k1, ten times as fast
 * (docs/adr/0015). The only file of `core` that needs Node.
 */
export const crypto: Crypto = {
  sha256: () => {
    const hash = createHash('sha256');
    return { update: (piece) => void hash.update(piece), digest: () => hash.digest() };
  },
  aes256Ctr: (key) => {
    const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
    return { blocks: (count) => cipher.update(new Uint8Array(16 * count)) };
  },
  recoverKey: (hash, signature, parity) => {
    const key = secp256k1.recoverPublicKeyUncompressed(signature, parity, hash);
    return typeof key === 'string' ? null : key;
  },
};
