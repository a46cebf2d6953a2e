import { keccak256 } from 'ethers/crypto';
import { getBytes, hexlify, toBeHex } from 'ethers/utils';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Address, type Digest, digest } from '../../core/values.ts';
import { decodeCanonical, type RlpItem, scalarOf } from '../rlp.ts';
import { provenValue, type ReadNodes } from './trie.ts';

/** An account as a block's state has it. */
export interface ProvenAccount {
  readonly nonce: bigint;
  /** Wei. */
  readonly balance: bigint;
  readonly storageRoot: Digest;
  readonly codeHash: Digest;
}

/**
 * What a block's state holds of an account: the state trie's value at keccak(address) is RLP [nonce, balance,
 * storageRoot, codeHash] (Yellow Paper, section 4.1). Everything is read off the proof; what `eth_getProof` says
 * beside it is nobody's proof.
 *
 * @param stateRoot of a header whose hash is believed
 * @param accountProof `eth_getProof`'s `accountProof` (EIP-1186)
 * @param read as `provenValue` has it
 * @returns null when the proof shows that there is no such account
 * @throws SyndicError PROOF_INVALID
 */
export function provenAccount(
  stateRoot: Digest,
  address: Address,
  accountProof: readonly string[],
  read?: ReadNodes,
): ProvenAccount | null {
  const value = provenValue(stateRoot, getBytes(keccak256(address)), accountProof, read);
  return value === null ? null : reading(`account ${address}`, () => accountOf(decodeCanonical(hexlify(value))));
}

/**
 * What a contract's storage holds at a place: the storage trie's value at keccak(32 bytes of the place) is the RLP of
 * a scalar; no value is zero (Yellow Paper, section 4.1).
 *
 * @param storageRoot as `provenAccount` read it
 * @param slot the place, 0 … 2^256 − 1
 * @param proof `proof` of one entry of `eth_getProof`'s `storageProof` (EIP-1186)
 * @param read as `provenValue` has it
 * @returns the word, 0 … 2^256 − 1
 * @throws SyndicError PROOF_INVALID
 * @throws RangeError when `slot` is no place
 */
export function provenWord(storageRoot: Digest, slot: bigint, proof: readonly string[], read?: ReadNodes): bigint {
  // toBeHex throws what is no place.
  const value = provenValue(storageRoot, getBytes(keccak256(toBeHex(slot, 32))), proof, read);
  return value === null ? 0n : reading(`word ${slot}`, () => wordOf(decodeCanonical(hexlify(value))));
}

function accountOf(item: RlpItem): ProvenAccount {
  if (typeof item === 'string' || item.length !== 4) throw new RangeError('it is no list of four');
  const [nonce, balance, storageRoot, codeHash] = item;
  return {
    nonce: scalarOf(nonce, 8),
    balance: scalarOf(balance, 32),
    storageRoot: hashOf(storageRoot),
    codeHash: hashOf(codeHash),
  };
}

function wordOf(item: RlpItem): bigint {
  // A place that becomes zero is taken out of the trie, but for Anvil's, which keeps it: zero either way.
  return scalarOf(item, 32);
}

function hashOf(item: RlpItem | undefined): Digest {
  if (typeof item !== 'string') throw new RangeError('a list where a hash must stand');
  return digest(item);
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new SyndicError('PROOF_INVALID', `the value proven for ${what} is not one: ${cause.message}`, {}, { cause });
  }
}
