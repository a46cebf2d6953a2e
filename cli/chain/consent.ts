import type { JsonRpcProvider, Signer } from 'ethers';
import { dataUseAbi } from '../../coordinator/chain/abi.ts';
import type { Receipt } from '../../coordinator/chain/node.ts';
import type { Address, Digest, Instant, Slot, StudyId } from '../../core/values.ts';
import { read } from './read.ts';
import { invoke } from './send.ts';

/** What a member says about its datasets and their use. */

/** A dataset's version as it goes on chain. */
export interface AnchoredVersion {
  readonly slot: Slot;
  readonly dataset: Digest;
  readonly root: Digest;
  /** Upper bound of its rows. */
  readonly rows: number;
}

/** Anchors a version, by the member's account or worker key. Null, and nothing sent, when it is anchored already. */
export async function addVersion(
  provider: JsonRpcProvider,
  signer: Signer,
  dataUse: Address,
  { slot, dataset, root, rows }: AnchoredVersion,
): Promise<Receipt | null> {
  const contract = contractAt(dataUse);
  const [known] = await read(provider, contract, 'version', [slot, dataset, root]);
  if (Number(known.addedAt) !== 0) return null;
  return await invoke(provider, signer, contract, 'addVersion', [slot, dataset, root, rows]);
}

export interface Consent {
  readonly study: StudyId;
  readonly slot: Slot;
  /** The plan hash. */
  readonly plan: Digest;
  readonly dataset: Digest;
  /** Exclusive. */
  readonly until: Instant;
}

/** Joins a study: the member's account allows one dataset to be used in it. */
export async function grant(
  provider: JsonRpcProvider,
  account: Signer,
  dataUse: Address,
  { study, slot, plan, dataset, until }: Consent,
): Promise<Receipt> {
  return await invoke(provider, account, contractAt(dataUse), 'grant', [study, slot, plan, dataset, until]);
}

/** Ends the live grant, at once and for what is to come. */
export async function revoke(
  provider: JsonRpcProvider,
  account: Signer,
  dataUse: Address,
  { study, slot }: { readonly study: StudyId; readonly slot: Slot },
): Promise<Receipt> {
  return await invoke(provider, account, contractAt(dataUse), 'revoke', [study, slot]);
}

function contractAt(dataUse: Address) {
  return { abi: dataUseAbi, address: dataUse };
}
