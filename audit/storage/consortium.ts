import { type Address, type Slot, ZERO_ADDRESS } from '../../core/values.ts';
import type { AuditedChain } from '../port.ts';
import { addressOfWord, bitOf, numberOf, valueAt } from './words.ts';

/** Slots of Consortium's variables: docs/storage-layout.md. */
const SLOT = { admissions: 7n, keys: 9n } as const;

/** A key's history: a key is listed once, for good. */
export interface StoredKey {
  /** Of the member whose key it is; 0: a coordinator's. */
  readonly slot: number;
  readonly owner: Address;
  /** Unix seconds. */
  readonly validFrom: number;
  /** Unix seconds; null while it is the current one. */
  readonly validTo: number | null;
  readonly compromised: boolean;
}

/** Null: nobody ever listed it. */
export async function storedKey(chain: AuditedChain, consortium: Address, key: Address): Promise<StoredKey | null> {
  const at = valueAt(key, SLOT.keys);
  const [first = 0n, second = 0n] = await chain.words(consortium, [at, at + 1n]);
  const owner = addressOfWord(first, 2);
  if (owner === ZERO_ADDRESS) return null;
  const validTo = numberOf(second, 0, 8);
  return {
    slot: numberOf(first, 0, 2),
    owner,
    validFrom: numberOf(first, 22, 8),
    validTo: validTo === 0 ? null : validTo,
    compromised: bitOf(second, 64),
  };
}

/** The member's account now; null when the slot was never given. */
export async function storedAccount(chain: AuditedChain, consortium: Address, slot: Slot): Promise<Address | null> {
  const [admission = 0n] = await chain.words(consortium, [valueAt(slot, SLOT.admissions)]);
  const account = addressOfWord(admission);
  return account === ZERO_ADDRESS ? null : account;
}
