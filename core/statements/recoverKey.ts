// The module alone, by its path: the library's index makes four other WebAssembly modules ready, and takes 0.1 s for it.
import { instantiateSecp256k1 } from '@bitauth/libauth/build/lib/crypto/secp256k1.js';
import { hexToBytes } from '../values.ts';

const secp256k1 = await instantiateSecp256k1();

/**
 * The public key (65 bytes, uncompressed) whose owner made a signature (SEC 1, section 4.1.6). An auditor recovers tens of
 * thousands: this is bitcoin-core's libsecp256k1 as WebAssembly, ten times as fast as JavaScript.
 *
 * @param hash 32 bytes
 * @param signature r‖s‖v, v 27 or 28
 * @returns null when it is of no key
 */
export function recoverKey(hash: string, signature: string): Uint8Array | null {
  const bytes = hexToBytes(signature);
  const parity = bytes[64] === 28 ? 1 : 0;
  const key = secp256k1.recoverPublicKeyUncompressed(bytes.subarray(0, 64), parity, hexToBytes(hash));
  return typeof key === 'string' ? null : key;
}
