import type { Interface, Result } from 'ethers';
import { type Address, address, type Digest, digest, type Slot, slot } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { Log } from '../modules.ts';
import { consortiumAbi, dataUseAbi, decodeLedgerEvent, ledgerAbi, ledgerTopic } from './abi.ts';
import { checkChainId, checkDeployed } from './checks.ts';
import { decodeGrant, decodeKey, decodeMember, decodeStudy, orNull } from './decode.ts';
import { createEventIndex } from './eventIndex.ts';
import { checkFinality, type Finality, finalBlock, finalTag } from './finality.ts';
import { logsWith } from './index.sql.ts';
import { type BlockTag, call, refOf } from './node.ts';
import { openRpc, type RpcOptions } from './openRpc.ts';
import type { ChainView, Contracts, Roles } from './port.ts';
import { contractErrorOf } from './revert.ts';
import { roundsOf } from './rounds.ts';
import type { Rpc } from './rpc.ts';

export interface ChainViewOptions extends RpcOptions {
  readonly contracts: Contracts;
  readonly finality: Finality;
}

export interface SyncedChainView extends ChainView {
  /** Brings the event index to the last final block; `rounds` and `studiesOf` do so by themselves. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The chain over an Ethereum node's JSON-RPC.
 *
 * @throws SyndicError CHAIN_MISMATCH when it is another chain or nothing is deployed there; CONFIG_INVALID when the
 * node cannot serve this finality; CHAIN_UNAVAILABLE when it does not answer
 */
export async function createChainView(
  options: ChainViewOptions,
  modules: { readonly db: Database; readonly log: Log },
): Promise<SyncedChainView> {
  const rpc = openRpc(options, modules.log);
  try {
    await checkChainId(rpc);
    await checkDeployed(rpc, { ...options.contracts });
    await checkFinality(rpc, options.finality);
  } catch (error) {
    rpc.close();
    throw error;
  }
  return view(rpc, options, modules);
}

function view(
  rpc: Rpc,
  { contracts, finality }: ChainViewOptions,
  modules: { readonly db: Database; readonly log: Log },
): SyncedChainView {
  const addresses = [contracts.consortium, contracts.dataUse, contracts.ledger];
  const index = createEventIndex(rpc, { contracts: addresses, finality }, modules);
  const tag = () => finalTag(rpc, finality);

  function reader(abi: Interface, to: Address) {
    return async (method: string, args: readonly unknown[], at?: BlockTag): Promise<Result> => {
      const data = abi.encodeFunctionData(method, args);
      return abi.decodeFunctionResult(method, await call(rpc, { to, data }, at ?? (await tag())));
    };
  }
  const consortium = reader(consortiumAbi, contracts.consortium);
  const dataUse = reader(dataUseAbi, contracts.dataUse);
  const ledger = reader(ledgerAbi, contracts.ledger);

  const roleIds = {
    operator: once(async () => digest((await consortium('OPERATOR_ROLE', []))[0])),
    auditor: once(async () => digest((await consortium('AUDITOR_ROLE', []))[0])),
  };

  async function rolesOf(who: Address): Promise<Roles> {
    const at = await tag();
    const [operator, auditor, byAccount, key] = await Promise.all([
      consortium('hasRole', [await roleIds.operator(), who], at),
      consortium('hasRole', [await roleIds.auditor(), who], at),
      consortium('slotOf', [who], at),
      consortium('keyInfo', [who], at),
    ]);
    const listed = decodeKey(who, key[0]);
    const byKey = listed !== null && listed.validTo === null ? listed.slot : null;
    const ofAccount = Number(byAccount[0]);
    return { operator: operator[0], auditor: auditor[0], slot: ofAccount === 0 ? byKey : slot(ofAccount) };
  }

  return {
    chainId: rpc.chainId,
    contracts,
    finalBlock: async () => refOf(await finalBlock(rpc, finality)),
    study: (of) => orUnknown(['UnknownStudy'], async () => decodeStudy(of, (await ledger('study', [of]))[0])),
    roster: async (study) => (await ledger('roster', [study]))[0].map((of: bigint): Slot => slot(Number(of))),
    member: (of) => orUnknown(['UnknownSlot'], async () => decodeMember(of, (await consortium('member', [of]))[0])),
    key: async (key) => decodeKey(key, (await consortium('keyInfo', [key]))[0]),
    keyOf: async (account) => orNull(address((await consortium('keyOf', [account]))[0])),
    grant: async (study, of) => decodeGrant((await dataUse('latestGrant', [study, of]))[0]),
    async versionRows(of, dataset, root) {
      const [version] = await dataUse('version', [of, dataset, root]);
      return Number(version.addedAt) === 0 ? null : Number(version.rows);
    },
    roles: rolesOf,
    async rounds(study, only) {
      await index.sync();
      const topics = only === undefined ? [study] : [study, topicOfNumber(only)];
      // The number may also be the slot of another round's entry, which then has no record here to belong to.
      return roundsOf(await logsWith(modules.db, contracts.ledger, topics));
    },
    async salt(study) {
      await index.sync();
      const [opened] = await logsWith(modules.db, contracts.ledger, [ledgerTopic('StudyOpened'), study]);
      return opened === undefined ? null : digest(decodeLedgerEvent('StudyOpened', opened).salt);
    },
    async studiesOf(coordinator) {
      await index.sync();
      const opened = ledgerTopic('StudyOpened');
      const logs = await logsWith(modules.db, contracts.ledger, [opened]);
      return logs
        .filter(({ topics }) => topics[3] === topicOf(coordinator))
        .map(({ topics }) => digest(topics[1] ?? ''));
    },
    async totals(study, of) {
      const [rounds, samples] = await ledger('totals', [study, of]);
      return { rounds: Number(rounds), samples: Number(samples) };
    },
    sync: index.sync,
    close: async () => rpc.close(),
  };
}

/** Asks until there is an answer, and then never again: for what stands in a contract's code. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: { readonly value: T } | null = null;
  return async () => {
    answer ??= { value: await ask() };
    return answer.value;
  };
}

/** Null when the contract answers with one of these errors. */
async function orUnknown<T>(errors: readonly string[], read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (thrown) {
    if (errors.includes(contractErrorOf(thrown)?.name ?? '')) return null;
    throw thrown;
  }
}

/** A number as an event's indexed field holds it. */
function topicOfNumber(of: number): Digest {
  return digest(`0x${of.toString(16).padStart(64, '0')}`);
}

/** An address as an event's indexed field holds it. */
function topicOf(of: Address): Digest {
  return digest(`0x${of.slice(2).padStart(64, '0')}`);
}
