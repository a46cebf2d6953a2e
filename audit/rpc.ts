import { JsonRpcProvider, Network } from 'ethers/providers';
import { FetchRequest, toQuantity } from 'ethers/utils';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type Address, type Digest, digest, hexToBytes, type StudyId } from '../core/values.ts';
import { ledgerTopic } from './events.ts';
import type { AuditedChain, ChainLog } from './port.ts';

interface NodeLog {
  readonly topics: string[];
  readonly data: string;
  readonly transactionHash: string;
  readonly blockNumber: string;
}

interface LogFilter {
  readonly address: Address;
  readonly topics: readonly (string | null)[];
}

interface NodeBlock {
  readonly number: string;
  readonly hash: string;
  readonly timestamp: string;
}

interface NodeProof {
  readonly accountProof: string[];
  readonly storageProof: { readonly proof: string[] }[];
}

type Send = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** `eth_getProof`'s proofs: RLP of nodes, as 0x-hex. */
export interface StateProofs {
  readonly account: readonly string[];
  /** In the order in which words were asked for. */
  readonly words: readonly (readonly string[])[];
}

/** The chain as a node of the reader's own choice tells it. */
export interface RpcChain extends AuditedChain {
  /** Hash of block 0. */
  readonly genesis: Digest;
  /** Every study of which the ledger has an event of its opening, oldest first: which there are, storage does not tell. */
  studies(ledger: Address): Promise<StudyId[]>;
  /** The audited block and those built upon it so far, as the node has them. */
  headers(): Promise<Readonly<Record<string, unknown>>[]>;
  proofs(contract: Address, slots: readonly bigint[]): Promise<StateProofs>;
  /** @throws SyndicError CHAIN_UNAVAILABLE when the chain no longer has the block that was read: read again */
  recheck(): Promise<void>;
  close(): void;
}

/**
 * Reads everything as of one block.
 *
 * @param behind how many blocks before the newest that the node has now
 * @throws SyndicError CHAIN_UNAVAILABLE, also from every call
 */
export async function connectRpc(url: string, behind = 0): Promise<RpcChain> {
  const request = new FetchRequest(url);
  request.timeout = 30_000;
  const chainId = Number(await oneCall(request, 'eth_chainId'));
  const options = { staticNetwork: Network.from(chainId), cacheTimeout: -1, batchStallTime: 0, batchMaxCount: 100 };
  const provider = new JsonRpcProvider(request, chainId, options);
  const send: Send = (method, params) => answered(() => provider.send(method, [...params]));
  const newest = Number(await send('eth_blockNumber', []));
  const found = (await send('eth_getBlockByNumber', [toQuantity(Math.max(0, newest - behind)), false])) as NodeBlock;
  const block = { number: Number(found.number), hash: digest(found.hash), time: Number(found.timestamp) };
  const genesis = digest(((await send('eth_getBlockByNumber', ['0x0', false])) as NodeBlock).hash);
  const tag = toQuantity(block.number);
  const times = new Map<string, number>();

  async function timeOf(number: string): Promise<number> {
    const known = times.get(number);
    if (known !== undefined) return known;
    const time = Number(((await send('eth_getBlockByNumber', [number, false])) as NodeBlock).timestamp);
    times.set(number, time);
    return time;
  }

  return {
    chainId,
    genesis,
    block,
    async words(contract, slots) {
      // Members share words; and a few requests go at a time, for a long study has thousands.
      const places = [...new Set(slots)];
      const words = new Map<bigint, bigint>();
      for (let at = 0; at < places.length; at += 100) {
        const some = places.slice(at, at + 100);
        const answers = await Promise.all(some.map((slot) => send('eth_getStorageAt', [contract, toWord(slot), tag])));
        for (const [i, slot] of some.entries()) words.set(slot, BigInt(String(answers[i])));
      }
      return slots.map((slot) => words.get(slot) ?? 0n);
    },
    code: async (contract) => hexToBytes(String(await send('eth_getCode', [contract, tag]))),
    async logs(contract, study) {
      const logs: ChainLog[] = [];
      for (const log of await logsOf(send, { address: contract, topics: [null, study] }, 0, block.number)) {
        const { topics, data, transactionHash, blockNumber } = log;
        const time = await timeOf(blockNumber);
        logs.push({ topics, data, transaction: digest(transactionHash), block: Number(blockNumber), time });
      }
      return logs;
    },
    async studies(ledger) {
      const opened = { address: ledger, topics: [ledgerTopic('StudyOpened')] };
      const logs = await logsOf(send, opened, 0, block.number);
      return [...new Set(logs.map(({ topics: [, study] }) => digest(study ?? '')))];
    },
    async headers() {
      const headers: Readonly<Record<string, unknown>>[] = [];
      for (let number = block.number; number <= newest; number++) {
        const answer = (await send('eth_getBlockByNumber', [toQuantity(number), false])) as Record<string, unknown>;
        // Of what stands beside the header, nothing proves anything.
        const { transactions: _, uncles: __, withdrawals: ___, ...header } = answer;
        headers.push(header);
      }
      return headers;
    },
    async proofs(contract, slots) {
      const answer = (await send('eth_getProof', [contract, slots.map(toWord), tag])) as NodeProof;
      return { account: answer.accountProof, words: answer.storageProof.map(({ proof }) => proof) };
    },
    async recheck() {
      const now = (await send('eth_getBlockByNumber', [tag, false])) as NodeBlock | null;
      if (now?.hash === block.hash) return;
      const what = `block ${block.number} is no longer ${block.hash} on the node's chain`;
      throw new SyndicError('CHAIN_UNAVAILABLE', `${what}: it was reorganised while it was read; read again`, {
        block,
      });
    },
    close: () => provider.destroy(),
  };
}

async function oneCall(request: FetchRequest, method: string): Promise<unknown> {
  const provider = new JsonRpcProvider(request.clone(), 1, { staticNetwork: true });
  try {
    return await answered(() => provider.send(method, []));
  } finally {
    provider.destroy();
  }
}

/** A node that refuses so many blocks at once is asked for halves. */
async function logsOf(send: Send, filter: LogFilter, from: number, to: number): Promise<NodeLog[]> {
  const range = { ...filter, fromBlock: toQuantity(from), toBlock: toQuantity(to) };
  try {
    return (await send('eth_getLogs', [range])) as NodeLog[];
  } catch (thrown) {
    if (!(thrown instanceof SyndicError) || thrown.details.refused !== true || from >= to) throw thrown;
    const middle = Math.floor((from + to) / 2);
    const lower = await logsOf(send, filter, from, middle);
    return [...lower, ...(await logsOf(send, filter, middle + 1, to))];
  }
}

/** Names what a node's silence is; ethers' own errors carry request bodies and are long. */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const code = String((cause as { code?: unknown }).code ?? 'no answer');
    // Whether the node said no, rather than nothing.
    const refused = code === 'UNKNOWN_ERROR' || code === 'SERVER_ERROR';
    const message = `the chain's node does not answer (${code}): check the RPC URL`;
    throw new SyndicError('CHAIN_UNAVAILABLE', message, { refused }, { cause });
  }
}

function toWord(slot: bigint): string {
  return `0x${slot.toString(16).padStart(64, '0')}`;
}
