import { ctr } from '@noble/ciphers/aes.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Crypto } from './port.ts';

/** JavaScript alone: a browser's own WebCrypto neither hashes in pieces nor answers at once. */
export const crypto: Crypto = {
  sha256: () => {
    const hash = sha256.create();
    return { update: (piece) => void hash.update(piece), digest: () => hash.digest() };
  },
  aes256Ctr: (key) => {
    // A shorter one would be AES-128 or AES-192 of it.
    if (key.length !== 32) throw new RangeError(`not a key of 32 bytes: ${key.length}`);
    let next = 0;
    return {
      blocks(count) {
        // The counter block, big-endian: its upper half stays zero, for no stream has 2^64 blocks.
        const counter = new Uint8Array(16);
        new DataView(counter.buffer).setBigUint64(8, BigInt(next));
        next += count;
        return ctr(key, counter).encrypt(new Uint8Array(16 * count));
      },
    };
  },
  recoverKey: (hash, signature, parity) => {
    try {
      const key = secp256k1.recoverPublicKey(Uint8Array.of(parity, ...signature), hash, { prehash: false });
      return secp256k1.Point.fromBytes(key).toBytes(false);
    } catch {
      // It says so by throwing.
      return null;
    }
  },
};
