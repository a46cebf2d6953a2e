import { randomBytes } from 'node:crypto';
import { Wallet } from 'ethers';
import { connectChain } from '../../../cli/chain/connectChain.ts';
import { addVersion, grant } from '../../../cli/chain/consent.ts';
import { addCoordinator, addRole, admitMember, setKey } from '../../../cli/chain/consortium.ts';
import { deployContracts } from '../../../cli/chain/deploy.ts';
import { ledgerAbi } from '../../../coordinator/chain/abi.ts';
import { type Entry, encodeEntries, type Outcome, STATUS } from '../../../core/statements/ledger.ts';
import { studyId } from '../../../core/statements/studyId.ts';
import { address, bytesToHex, type Digest, digest, instant, type Slot, type StudyId } from '../../../core/values.ts';
import { type AnvilOptions, startAnvil } from '../../support/anvil.ts';

/** A consortium on a chain of a test's own: an operator, a coordinator with its key, members that have a dataset. */
export type World = Awaited<ReturnType<typeof startWorld>>;

export interface WorldMember {
  readonly slot: Slot;
  readonly account: Wallet;
  readonly key: Wallet;
}

export const randomDigest = (): Digest => digest(bytesToHex(randomBytes(32)));
export const randomWallet = (): Wallet => new Wallet(bytesToHex(randomBytes(32)));
export const addressOf = (wallet: { readonly address: string }) => address(wallet.address);

export const DATASET = digest(`0x${'da'.repeat(32)}`);
export const VERSION = digest(`0x${'5e'.repeat(32)}`);

export async function startWorld(options: { readonly anvil?: AnvilOptions; readonly members?: number } = {}) {
  const anvil = await startAnvil(options.anvil);
  const chain = await connectChain(anvil.rpcUrl);
  const { provider } = chain;
  const [admin, operator, coordinator, coordinatorKey] = Array.from({ length: 4 }, randomWallet) as [
    Wallet,
    Wallet,
    Wallet,
    Wallet,
  ];
  const contracts = await deployContracts(provider, admin, { admin: addressOf(admin), delay: 60 });
  const { consortium, dataUse, ledger } = contracts;
  await addRole(provider, admin, consortium, 'operator', addressOf(operator));
  await addCoordinator(provider, admin, consortium, addressOf(coordinator));
  await setKey(provider, coordinator, consortium, addressOf(coordinatorKey));
  const members: WorldMember[] = [];
  for (let i = 0; i < (options.members ?? 2); i++) members.push(await join());

  async function join(): Promise<WorldMember> {
    const [account, key] = [randomWallet(), randomWallet()];
    const slot = await admitMember(provider, admin, consortium, addressOf(account));
    await setKey(provider, account, consortium, addressOf(key));
    await addVersion(provider, key, dataUse, { slot, dataset: DATASET, root: VERSION, rows: 1024 });
    return { slot, account, key };
  }

  /** The terms of a study that nobody has opened, with the calldata that does (the sender must be an operator). */
  function newStudy() {
    const [plan, initialModel, salt] = [randomDigest(), randomDigest(), randomDigest()];
    const study = studyId(chain.chainId, ledger, addressOf(operator), plan, salt);
    const args = [plan, initialModel, addressOf(coordinator), 2, salt];
    return { study, plan, initialModel, openStudy: encode('openStudy', args) };
  }

  async function grantAll(study: StudyId, plan: Digest, only?: readonly number[]): Promise<void> {
    const until = instant(Math.floor(Date.now() / 1000) + 86_400);
    for (const { account, slot } of members) {
      if (only?.includes(slot) === false) continue;
      await grant(provider, account, dataUse, { study, slot, plan, dataset: DATASET, until });
    }
  }

  const mine = async (blocks = 1) => await chain.rpc.request('anvil_mine', [`0x${blocks.toString(16)}`]);
  /** Blocks that replace the last ones, empty. */
  const reorg = async (depth: number) => await chain.rpc.request('anvil_reorg', [depth, []]);
  const stop = async () => {
    chain.close();
    await anvil.stop();
  };
  return {
    ...{ ...anvil, ...chain, contracts, admin, operator, coordinator, coordinatorKey, members },
    ...{ newStudy, grantAll, mine, reorg, stop },
  };
}

export function encode(method: string, args: readonly unknown[]): `0x${string}` {
  return ledgerAbi.encodeFunctionData(method, [...args]) as `0x${string}`;
}

export interface RecordArgs {
  readonly study: StudyId;
  readonly round: number;
  readonly outcome?: Outcome;
  readonly base: Digest;
  readonly global: Digest;
  readonly manifest?: Digest;
  readonly entries: readonly Entry[];
  /** In place of the entries as they are encoded. */
  readonly encoded?: `0x${string}`;
}

export function recordRound({ study, round, outcome = 1, base, global, manifest, entries, encoded }: RecordArgs) {
  const args = [study, round, outcome, base, global, manifest ?? global, encoded ?? encodeEntries(entries)];
  return encode('recordRound', args);
}

/** Entries that include every slot with an update of its own. */
export function included(slots: readonly number[], samples = 100): Entry[] {
  return slots.map((slot) => ({ slot, status: STATUS.INCLUDED, reason: 0, update: randomDigest(), samples }));
}
