import type { JsonRpcProvider, Signer } from 'ethers';
import { consortiumAbi } from '../../coordinator/chain/abi.ts';
import { type Address, address, type Slot, slot, ZERO_ADDRESS } from '../../core/values.ts';
import { read } from './read.ts';
import { invoke } from './send.ts';

/** What the consortium's admin does, and what an account does about its key. All of it may be repeated. */

/** Admits `account` as a member. One that is admitted already keeps its slot, and nothing is sent. Admin only. */
export async function admitMember(
  provider: JsonRpcProvider,
  admin: Signer,
  consortium: Address,
  account: Address,
): Promise<Slot> {
  const contract = contractAt(consortium);
  const before = await slotOf(provider, consortium, account);
  if (before !== null) return before;
  await invoke(provider, admin, contract, 'admit', [account]);
  const after = await slotOf(provider, consortium, account);
  if (after === null) throw new RangeError(`account ${account} was admitted and has no slot`);
  return after;
}

/** Null for an account that is no member. */
export async function slotOf(provider: JsonRpcProvider, consortium: Address, account: Address): Promise<Slot | null> {
  const of = Number((await read(provider, contractAt(consortium), 'slotOf', [account]))[0]);
  return of === 0 ? null : slot(of);
}

/** Lists `account` as one that may coordinate studies. Admin only. False when it was listed already. */
export async function addCoordinator(
  provider: JsonRpcProvider,
  admin: Signer,
  consortium: Address,
  account: Address,
): Promise<boolean> {
  const contract = contractAt(consortium);
  if ((await read(provider, contract, 'isCoordinator', [account]))[0]) return false;
  await invoke(provider, admin, contract, 'addCoordinator', [account]);
  return true;
}

/** Lets `account` open studies, or audit. Admin only. False when it had the role already. */
export async function addRole(
  provider: JsonRpcProvider,
  admin: Signer,
  consortium: Address,
  role: 'operator' | 'auditor',
  account: Address,
): Promise<boolean> {
  const contract = contractAt(consortium);
  const [id] = await read(provider, contract, role === 'operator' ? 'OPERATOR_ROLE' : 'AUDITOR_ROLE', []);
  if ((await read(provider, contract, 'hasRole', [id, account]))[0]) return false;
  await invoke(provider, admin, contract, 'grantRole', [id, account]);
  return true;
}

/**
 * Lists `key` as the current key of the signer, a member's or a coordinator's account; the one before ends. False
 * when it is the current key already.
 */
export async function setKey(
  provider: JsonRpcProvider,
  account: Signer,
  consortium: Address,
  key: Address,
): Promise<boolean> {
  const contract = contractAt(consortium);
  if ((await keyOf(provider, consortium, address(await account.getAddress()))) === key) return false;
  await invoke(provider, account, contract, 'setKey', [key]);
  return true;
}

/** The current key of an account; null when it has none. */
export async function keyOf(provider: JsonRpcProvider, consortium: Address, account: Address): Promise<Address | null> {
  const key = address((await read(provider, contractAt(consortium), 'keyOf', [account]))[0]);
  return key === ZERO_ADDRESS ? null : key;
}

function contractAt(consortium: Address) {
  return { abi: consortiumAbi, address: consortium };
}
