import { N } from 'ethers/constants';
import { keccak256, SigningKey } from 'ethers/crypto';
import { type Address, address, type Digest } from '../../core/values.ts';

/**
 * Who signed `hash` with a block's seal.
 *
 * @param seal r‖s‖v, 65 bytes as 0x-hex, v 0 or 1, s low (Yellow Paper, appendix F; EIP-2): of every signature there
 *   is one spelling, so that nobody makes a second out of it
 * @returns null when the seal is malformed or no key's
 */
export function recoverSigner(hash: Digest, seal: unknown): Address | null {
  if (typeof seal !== 'string' || !/^0x[0-9a-f]{128}0[01]$/.test(seal)) return null;
  const [r, s] = [`0x${seal.slice(2, 66)}`, `0x${seal.slice(66, 130)}`] as const;
  if (BigInt(s) > N / 2n) return null;
  try {
    const yParity = seal.endsWith('1') ? 1 : 0;
    const key = SigningKey.recoverPublicKey(hash, { r, s, yParity });
    return address(`0x${keccak256(`0x${key.slice(4)}`).slice(-40)}`);
  } catch {
    // r or s is zero or not below the order, or no point of the curve has this r.
    return null;
  }
}
