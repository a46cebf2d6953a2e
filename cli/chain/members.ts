import type { JsonRpcProvider, Signer } from 'ethers';
import { consortiumAbi, topicOf, verdictsAbi } from '../../coordinator/chain/abi.ts';
import { allLogs } from '../../coordinator/chain/allLogs.ts';
import { blockAt } from '../../coordinator/chain/node.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import {
  type Address,
  address,
  type Digest,
  digest,
  type Instant,
  instant,
  type Slot,
  slot,
  ZERO_ADDRESS,
  ZERO_DIGEST,
} from '../../core/values.ts';
import type { Deployment } from './chainFile.ts';
import type { ChainLine } from './connectChain.ts';
import { read } from './read.ts';
import { invoke } from './send.ts';
import { verdictsOf } from './verdicts.ts';

export interface MemberStatus {
  readonly slot: Slot;
  readonly account: Address;
  /** Null: it has listed none, or ended it. */
  readonly key: Address | null;
  readonly admitted: Instant;
  /** Null: it is not suspended. */
  readonly suspended: Instant | null;
  /** SHA-256 of the document that describes it. */
  readonly profile: Digest | null;
  /** Another account that was proposed for it, and when it may take its place. */
  readonly recovery: { readonly account: Address; readonly ready: Instant } | null;
}

export interface CoordinatorStatus {
  readonly account: Address;
  /** Null: it has listed none, ended it, or is not listed any more. */
  readonly key: Address | null;
  readonly listed: boolean;
  /** Receipts that its records are proven to break, over all its studies. */
  readonly omissions: number;
}

export interface ConsortiumStatus {
  readonly admin: Address;
  /** Who is to be admin next, and when it may take over. */
  readonly nextAdmin: { readonly account: Address; readonly ready: Instant } | null;
  readonly members: readonly MemberStatus[];
  /** Whoever was ever listed, oldest first. */
  readonly coordinators: readonly CoordinatorStatus[];
}

/** Members by slot, coordinators, and who decides about them, at the latest block. */
export async function consortiumStatus(
  chain: ChainLine,
  { consortium, ledger }: Pick<Deployment, 'consortium' | 'ledger'>,
): Promise<ConsortiumStatus> {
  const { provider } = chain;
  const ask = (method: string, ...args: readonly unknown[]) => read(provider, contractAt(consortium), method, args);
  const [[admin], [next, ready], [count]] = await Promise.all([
    ask('defaultAdmin'),
    ask('pendingDefaultAdmin'),
    ask('memberCount'),
  ]);
  const members: MemberStatus[] = [];
  for (let number = 1; number <= Number(count); number++) {
    const [[member], [profile], [recovered, from]] = await Promise.all([
      ask('member', number),
      ask('profileOf', number),
      ask('recoveryOf', number),
    ]);
    members.push({
      slot: slot(number),
      account: address(member.account),
      key: orNull(address(member.key)),
      admitted: instant(Number(member.admittedAt)),
      suspended: member.suspendedAt === 0n ? null : instant(Number(member.suspendedAt)),
      profile: profile === ZERO_DIGEST ? null : digest(profile),
      recovery: pending(recovered, from),
    });
  }
  const coordinators = await coordinatorStatus(chain, consortium, await verdictsOf(provider, ledger));
  return { admin: address(admin), nextAdmin: pending(next, ready), members, coordinators };
}

async function coordinatorStatus(
  { rpc, provider }: ChainLine,
  consortium: Address,
  verdicts: Address,
): Promise<CoordinatorStatus[]> {
  const { number: to } = await blockAt(rpc, 'latest');
  const topics = [topicOf(consortiumAbi, 'CoordinatorAdded')];
  const logs = await allLogs(rpc, { from: 0, to, addresses: [consortium], topics });
  const added = logs.map((log) => consortiumAbi.decodeEventLog('CoordinatorAdded', log.data, log.topics)[0]);
  return await Promise.all(
    [...new Set<string>(added)].map(async (account) => {
      const [[key], [listed], [omissions]] = await Promise.all([
        read(provider, contractAt(consortium), 'keyOf', [account]),
        read(provider, contractAt(consortium), 'isCoordinator', [account]),
        read(provider, { abi: verdictsAbi, address: verdicts }, 'omissionsOf', [account]),
      ]);
      return { account: address(account), key: orNull(address(key)), listed, omissions: Number(omissions) };
    }),
  );
}

/** Suspends a member, or ends that. Admin only. False when it was so already. */
export async function setSuspended(
  provider: JsonRpcProvider,
  admin: Signer,
  consortium: Address,
  of: Slot,
  suspended: boolean,
): Promise<boolean> {
  const contract = contractAt(consortium);
  const [member] = await read(provider, contract, 'member', [of]);
  if ((member.suspendedAt !== 0n) === suspended) return false;
  await invoke(provider, admin, contract, suspended ? 'suspend' : 'reinstate', [of]);
  return true;
}

/**
 * Proposes another account for a member that lost its own. Admin only. One that was proposed before keeps its delay.
 *
 * @returns when it may take the lost one's place
 */
export async function proposeRecovery(
  provider: JsonRpcProvider,
  admin: Signer,
  consortium: Address,
  of: Slot,
  account: Address,
): Promise<Instant> {
  const contract = contractAt(consortium);
  const proposed = async () => {
    const [found, ready] = await read(provider, contract, 'recoveryOf', [of]);
    return pending(found, ready);
  };
  const before = await proposed();
  if (before?.account === account) return before.ready;
  await invoke(provider, admin, contract, 'proposeRecovery', [of, account]);
  const after = await proposed();
  if (after === null) throw new SyndicError('STATE_CONFLICT', `the recovery of slot ${of} was cancelled meanwhile`);
  return after.ready;
}

/** By the member's account or the admin. */
export async function cancelRecovery(
  provider: JsonRpcProvider,
  account: Signer,
  consortium: Address,
  of: Slot,
): Promise<void> {
  await invoke(provider, account, contractAt(consortium), 'cancelRecovery', [of]);
}

/** By anyone, once the delay is over. @returns the member's account from now on */
export async function completeRecovery(
  provider: JsonRpcProvider,
  sender: Signer,
  consortium: Address,
  of: Slot,
): Promise<Address> {
  const contract = contractAt(consortium);
  await invoke(provider, sender, contract, 'completeRecovery', [of]);
  return address((await read(provider, contract, 'member', [of]))[0].account);
}

/** Names who is to be admin next. Admin only. @returns when it may accept */
export async function offerAdmin(
  provider: JsonRpcProvider,
  admin: Signer,
  consortium: Address,
  account: Address,
): Promise<Instant> {
  const contract = contractAt(consortium);
  await invoke(provider, admin, contract, 'beginDefaultAdminTransfer', [account]);
  return instant(Number((await read(provider, contract, 'pendingDefaultAdmin', []))[1]));
}

/** By the account that was named, once the delay is over. */
export async function acceptAdmin(provider: JsonRpcProvider, account: Signer, consortium: Address): Promise<void> {
  await invoke(provider, account, contractAt(consortium), 'acceptDefaultAdminTransfer', []);
}

/** Ends a key of the signer's account now; `compromised` is on record for good. */
export async function revokeKey(
  provider: JsonRpcProvider,
  account: Signer,
  consortium: Address,
  key: Address,
  compromised: boolean,
): Promise<void> {
  await invoke(provider, account, contractAt(consortium), 'revokeKey', [key, compromised]);
}

/** Says which document describes the signer's member: by its SHA-256, the document itself goes to whoever should have it. */
export async function setProfile(
  provider: JsonRpcProvider,
  account: Signer,
  consortium: Address,
  profile: Digest,
): Promise<void> {
  await invoke(provider, account, contractAt(consortium), 'setProfile', [profile]);
}

/** Whether a key is on record as compromised. */
export async function isCompromised(provider: JsonRpcProvider, consortium: Address, key: Address): Promise<boolean> {
  return Boolean((await read(provider, contractAt(consortium), 'keyInfo', [key]))[0].compromised);
}

function pending(account: unknown, ready: unknown) {
  const of = orNull(address(String(account)));
  return of === null ? null : { account: of, ready: instant(Number(ready)) };
}

function orNull(of: Address): Address | null {
  return of === ZERO_ADDRESS ? null : of;
}

function contractAt(consortium: Address) {
  return { abi: consortiumAbi, address: consortium };
}
