import { keccak256, toBeHex } from 'ethers';
import { provenAccount, provenWord } from '../../../audit/proofs/account.ts';
import type { Address, Digest } from '../../../core/values.ts';
import type { ProofOfNode } from './askNode.ts';

/** What the contract stores when it is deployed: at small places and at hashed ones, short words and long. */
export const STORED: ReadonlyMap<bigint, bigint> = new Map<bigint, bigint>([
  [0n, 1n],
  [1n, 0x80n],
  [2n, 2n ** 256n - 1n],
  ...Array.from({ length: 40 }, (_, i): [bigint, bigint] => [BigInt(keccak256(toBeHex(i, 32))), BigInt(i + 1)]),
]);

/** Places where it stores nothing. */
export const ABSENT: readonly bigint[] = [3n, 99n, 2n ** 256n - 1n, BigInt(keccak256('0x1234'))];

const word = (n: bigint) => toBeHex(n, 32).slice(2);

/** PUSH32 value, PUSH32 place, SSTORE for each; then it returns one byte of code, 0 (STOP). */
export const INIT_CODE = `0x${[...STORED].map(([at, value]) => `7f${word(value)}7f${word(at)}55`).join('')}60016000f3`;

export const CODE_HASH = keccak256('0x00');

/** A place as `eth_getProof` is asked for it. */
export const placeOf = (at: bigint) => toBeHex(at, 32);

/** The words at `places`, off a node's proofs of them in that order. @throws what the proofs are refused with */
export function wordsOf(stateRoot: Digest, who: Address, places: readonly bigint[], answer: ProofOfNode): bigint[] {
  const account = provenAccount(stateRoot, who, answer.accountProof);
  if (account === null) throw new Error(`${who} is proven to be no account`);
  return places.map((at, i) => provenWord(account.storageRoot, at, answer.storageProof[i]?.proof ?? []));
}
