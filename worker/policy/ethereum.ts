import { Contract, type ContractRunner, FetchRequest, Interface, JsonRpcProvider, Network, type Result } from 'ethers';
import { Consortium } from '../../contracts/generated/Consortium.ts';
import { DataUse } from '../../contracts/generated/DataUse.ts';
import { RoundLedger } from '../../contracts/generated/RoundLedger.ts';
import { Verdicts } from '../../contracts/generated/Verdicts.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Invitation } from '../../core/invitation/Invitation.ts';
import { VERDICT_STATES, type Verdict, type VerdictState } from '../../core/statements/verdict.ts';
import {
  type Address,
  address,
  type Digest,
  digest,
  type Signature,
  type StudyId,
  ZERO_ADDRESS,
  ZERO_DIGEST,
} from '../../core/values.ts';
import { recordReader, type SiteRecord } from './records.ts';

const verdictsAbi = new Interface(Verdicts.abi);

/** The few facts that a worker believes only from the chain, read over the hospital's own RPC. */
export interface SiteChain {
  /** @throws SyndicError CHAIN_MISMATCH */
  checkNetwork(): Promise<void>;
  /** The key with which a coordinator's account acts now; null when it may not or has none. */
  coordinatorKey(account: Address): Promise<Address | null>;
  study(id: StudyId): Promise<SiteStudy | null>;
  /** This member's live grant in a study: its plan and dataset; null when none is live. */
  liveGrant(study: StudyId): Promise<{ plan: Digest; dataset: Digest } | null>;
  /** This member's current worker key, while the member is active; null otherwise. */
  ownKey(): Promise<Address | null>;
  /** The upper bound of rows of a version of this member's dataset; null when it is not anchored. */
  versionRows(dataset: Digest, root: Digest): Promise<number | null>;
  close(): void;
}

export interface SiteStudy {
  readonly coordinator: Address;
  readonly minIncluded: number;
  readonly open: boolean;
  readonly lastRound: number;
  readonly plan: Digest;
  readonly model: Digest;
}

/** What stands on chain of rounds that are over, and what was said of them. */
export interface RecordChain extends Pick<SiteChain, 'study'> {
  /** What the ledger stores of a round's record; null: none stands. */
  recordHash(study: StudyId, round: number): Promise<Digest | null>;
  /** @param stored what the ledger stores of it. @throws SyndicError CHAIN_UNAVAILABLE also when the events differ */
  record(study: StudyId, round: number, stored: Digest): Promise<SiteRecord>;
  /** What the chain has of this member's verdict of a round. */
  verdict(study: StudyId, round: number): Promise<VerdictState>;
  /** The contract of verdicts, which the ledger names. */
  verdicts(): Promise<Address>;
  /** The transaction by which anybody may send a verdict. */
  verdictCall(verdict: Verdict, signature: Signature): Promise<{ to: Address; data: string }>;
  /** The account that lists this key or listed it, and its member's slot; null when nobody ever did. */
  keyOwner(key: Address): Promise<KeyOwner | null>;
}

export interface KeyOwner {
  readonly account: Address;
  /** 0: no member's. */
  readonly slot: number;
}

/** @throws SyndicError CHAIN_UNAVAILABLE (retryable) from any of its calls when the node does not answer. */
export function connectSiteChain(rpcUrl: string, invitation: Invitation): SiteChain & RecordChain {
  const request = new FetchRequest(rpcUrl);
  request.timeout = 15_000;
  const network = Network.from(invitation.chainId);
  // Calls made together go as one request; nothing waits for more of them to come.
  const options = { staticNetwork: network, cacheTimeout: -1, batchStallTime: 0 };
  const provider = new JsonRpcProvider(request, network, options);
  const { contracts, slot } = invitation;
  const consortium = reader(contracts.consortium, Consortium.abi, provider);
  const dataUse = reader(contracts.dataUse, DataUse.abi, provider);
  const ledger = reader(contracts.ledger, RoundLedger.abi, provider);
  const readRecord = recordReader(provider, contracts.ledger);
  let named: Address | null = null;

  async function verdictsAddress(): Promise<Address> {
    named ??= address((await ledger('verdicts'))[0]);
    return named;
  }

  return {
    async checkNetwork() {
      const [chainId, block] = await answered(() =>
        Promise.all([provider.send('eth_chainId', []), provider.send('eth_getBlockByNumber', ['0x0', false])]),
      );
      if (Number(chainId) !== invitation.chainId || block?.hash !== invitation.genesis) {
        throw new SyndicError(
          'CHAIN_MISMATCH',
          `the node serves chain ${Number(chainId)} with genesis ${block?.hash}; the invitation names chain ` +
            `${invitation.chainId} with genesis ${invitation.genesis}: point the worker at a node of that chain`,
          { got: Number(chainId), want: invitation.chainId },
        );
      }
    },
    async coordinatorKey(account) {
      const [listed, key] = await Promise.all([consortium('isCoordinator', account), consortium('keyOf', account)]);
      return listed[0] === true ? knownAddress(key[0]) : null;
    },
    async study(id) {
      const [found] = await ledger('study', id);
      if (Number(found.openedAt) === 0) return null;
      return {
        coordinator: address(found.coordinator),
        minIncluded: Number(found.minIncluded),
        open: Number(found.outcome) === 0,
        lastRound: Number(found.lastRound),
        plan: digest(found.plan),
        model: digest(found.model),
      };
    },
    async liveGrant(study) {
      const [live, latest] = await Promise.all([dataUse('isLive', study, slot), dataUse('latestGrant', study, slot)]);
      return live[0] === true ? { plan: digest(latest[0].plan), dataset: digest(latest[0].dataset) } : null;
    },
    async ownKey() {
      const [active, member] = await Promise.all([consortium('isActive', slot), consortium('member', slot)]);
      return active[0] === true ? knownAddress(member[0].key) : null;
    },
    async recordHash(study, round) {
      const stored = digest((await ledger('recordHash', study, round))[0]);
      return stored === ZERO_DIGEST ? null : stored;
    },
    record: (study, round, stored) => answered(() => readRecord(study, round, stored)),
    async verdict(study, round) {
      const verdicts = reader(await verdictsAddress(), Verdicts.abi, provider);
      const [state] = await verdicts('verdict', study, round, slot);
      return VERDICT_STATES[Number(state)] ?? 'none';
    },
    verdicts: verdictsAddress,
    async verdictCall({ study, round, slot: by, recordHash, reason }, signature) {
      const call = reason === 0 ? 'attestFor' : 'disputeFor';
      const said = reason === 0 ? [] : [reason];
      const data = verdictsAbi.encodeFunctionData(call, [study, round, by, recordHash, ...said, signature]);
      return { to: await verdictsAddress(), data };
    },
    async keyOwner(key) {
      const [info] = await consortium('keyInfo', key);
      const account = knownAddress(info.owner);
      return account === null ? null : { account, slot: Number(info.slot) };
    },
    async versionRows(dataset, root) {
      const [version] = await dataUse('version', slot, dataset, root);
      return Number(version.addedAt) === 0 ? null : Number(version.rows);
    },
    close: () => provider.destroy(),
  };
}

type Read = (method: string, ...args: unknown[]) => Promise<Result>;

function reader(at: Address, abi: readonly unknown[], provider: ContractRunner): Read {
  const contract = new Contract(at, abi as never, provider);
  return (method, ...args) => answered(() => contract.getFunction(method).staticCallResult(...args));
}

/** Names what a node's silence is; ethers' own errors carry request bodies and are long. */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof SyndicError) throw cause;
    const code = (cause as { code?: unknown }).code ?? 'no answer';
    throw new SyndicError(
      'CHAIN_UNAVAILABLE',
      `the chain's node does not answer (${code}): check the RPC URL`,
      {},
      { cause },
    );
  }
}

function knownAddress(value: string): Address | null {
  const key = address(value);
  return key === ZERO_ADDRESS ? null : key;
}
