import { keccak256 } from 'ethers/crypto';
import { type Address, address, type Digest, digest } from '../../core/values.ts';

/** Where a mapping's value for `key` begins, the mapping being at `at` (Solidity, "Layout of State Variables in Storage"). */
export function valueAt(key: Digest | Address | number | bigint, at: bigint): bigint {
  // A value type is padded as abi.encode pads it, on the left.
  return BigInt(keccak256(`0x${padded(BigInt(key))}${padded(at)}`));
}

/** Where an array that grows has its elements, its length being at `at`. */
export function elementsOf(at: bigint): bigint {
  return BigInt(keccak256(`0x${padded(at)}`));
}

/** 64 hex digits: as `abi.encode` has a number. */
function padded(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

/** `bytes` of a word from byte `from` on, counted from the lowest. */
export function bytesOf(word: bigint, from: number, bytes: number): bigint {
  return (word >> BigInt(8 * from)) & ((1n << BigInt(8 * bytes)) - 1n);
}

export function numberOf(word: bigint, from: number, bytes: number): number {
  return Number(bytesOf(word, from, bytes));
}

export function bitOf(word: bigint, bit: number): boolean {
  return ((word >> BigInt(bit)) & 1n) === 1n;
}

export function digestOfWord(word: bigint): Digest {
  return digest(`0x${word.toString(16).padStart(64, '0')}`);
}

export function addressOfWord(word: bigint, from = 0): Address {
  return address(`0x${bytesOf(word, from, 20).toString(16).padStart(40, '0')}`);
}
