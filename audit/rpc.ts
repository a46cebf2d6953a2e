import { JsonRpcProvider, Network } from 'ethers/providers';
import { FetchRequest, toQuantity } from 'ethers/utils';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type Address, type Digest, digest, hexToBytes, type StudyId } from '../core/values.ts';
import { ledgerTopic } from './events.ts';
import type { AuditedChain } from './port.ts';

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

/** Asks a node, and reads its answer. */
type Ask = <T>(method: string, params: readonly unknown[], read: (answer: never) => T) => Promise<T>;

/** `eth_getProof`'s proofs: RLP of nodes, as 0x-hex. */
export interface StateProofs {
  readonly account: readonly string[];
  /** In the order in which words were asked for. */
  readonly words: readonly (readonly string[])[];
}

/** The chain as a node of the reader's own choice tells it. */
export interface RpcChain extends AuditedChain {
  /** Of the node that proves and gives headers; how errors name it, for in its URL there may be a key. */
  readonly host: string;
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

/** A node that answers, before a block of it is chosen. */
export interface RpcNode {
  readonly host: string;
  readonly chainId: number;
  readonly genesis: Digest;
  /** Number of the newest block that it has now. */
  readonly newest: number;
  /** Everything as of one block. */
  at(number: number): Promise<RpcChain>;
  close(): void;
}

/** Requests that go in one; a long study has thousands. */
const AT_ONCE = 100;

/**
 * Reads everything as of one block.
 *
 * @param behind how many blocks before the newest that the node has now
 * @throws SyndicError CHAIN_UNAVAILABLE, also from every call
 */
export async function connectRpc(url: string, behind = 0): Promise<RpcChain> {
  const node = await dialNode(url);
  try {
    return await node.at(Math.max(0, node.newest - behind));
  } catch (thrown) {
    node.close();
    throw thrown;
  }
}

/** @throws SyndicError CHAIN_UNAVAILABLE, also from every call */
export async function dialNode(url: string): Promise<RpcNode> {
  const { host } = new URL(url);
  const request = new FetchRequest(url);
  request.timeout = 30_000;
  const chainId = await askOnce(request, host, 'eth_chainId', Number);
  const options = { staticNetwork: Network.from(chainId), cacheTimeout: -1, batchStallTime: 0, batchMaxCount: AT_ONCE };
  const provider = new JsonRpcProvider(request, chainId, options);
  const ask: Ask = (method, params, read) =>
    answered(host, method, () => provider.send(method, [...params]) as Promise<never>, read);
  try {
    const newest = await ask('eth_blockNumber', [], Number);
    const genesis = await ask('eth_getBlockByNumber', ['0x0', false], ({ hash }: NodeBlock) => digest(hash));
    const node = { host, chainId, genesis, newest, close: () => provider.destroy() };
    return { ...node, at: (number) => chainAt(node, ask, number) };
  } catch (thrown) {
    provider.destroy();
    throw thrown;
  }
}

async function chainAt(node: Omit<RpcNode, 'at'>, ask: Ask, number: number): Promise<RpcChain> {
  const { host, chainId, genesis, newest } = node;
  const tag = toQuantity(number);
  const block = await ask('eth_getBlockByNumber', [tag, false], (told: NodeBlock) => ({
    number,
    hash: digest(told.hash),
    time: Number(told.timestamp),
  }));
  const timeOf = (at: string) =>
    ask('eth_getBlockByNumber', [at, false], ({ timestamp }: NodeBlock) => Number(timestamp));

  return {
    ...{ host, chainId, genesis, block, close: node.close },
    async words(contract, slots) {
      // Members share words.
      const places = [...new Set(slots)];
      const words = await inBatches(places, (slot) =>
        ask('eth_getStorageAt', [contract, toWord(slot), tag], (word: string) => BigInt(digest(word))),
      );
      const found = new Map(places.map((slot, i) => [slot, words[i] ?? 0n]));
      return slots.map((slot) => found.get(slot) ?? 0n);
    },
    code: (contract) => ask('eth_getCode', [contract, tag], (code: string) => hexToBytes(code)),
    async logs(contract, study) {
      const logs = await logsOf(ask, { address: contract, topics: [null, study] }, 0, number);
      const blocks = [...new Set(logs.map((log) => log.blockNumber))];
      const times = await inBatches(blocks, timeOf);
      const timeAt = new Map(blocks.map((at, i) => [at, times[i] ?? 0]));
      return logs.map(({ topics, data, transactionHash, blockNumber }) => {
        const time = timeAt.get(blockNumber) ?? 0;
        return { topics, data, transaction: digest(transactionHash), block: Number(blockNumber), time };
      });
    },
    async studies(ledger) {
      const opened = { address: ledger, topics: [ledgerTopic('StudyOpened')] };
      const logs = await logsOf(ask, opened, 0, number);
      return [...new Set(logs.map(({ topics: [, study] }) => digest(study ?? '')))];
    },
    async headers() {
      const numbers = Array.from({ length: Math.max(1, newest - number + 1) }, (_, i) => toQuantity(number + i));
      return await inBatches(numbers, (at) =>
        ask('eth_getBlockByNumber', [at, false], (answer: Record<string, unknown>) => {
          // Of what stands beside the header, nothing proves anything.
          const { transactions: _, uncles: __, withdrawals: ___, ...header } = answer;
          return header;
        }),
      );
    },
    proofs: (contract, slots) =>
      ask('eth_getProof', [contract, slots.map(toWord), tag], ({ accountProof, storageProof }: NodeProof) => ({
        account: accountProof,
        words: storageProof.map(({ proof }) => proof),
      })),
    async recheck() {
      const now = await ask('eth_getBlockByNumber', [tag, false], (told: NodeBlock | null) => told?.hash);
      if (now?.toLowerCase() === block.hash) return;
      const what = `block ${number} is no longer ${block.hash} on the chain of ${host}`;
      throw new SyndicError('CHAIN_UNAVAILABLE', `${what}: it was reorganised while it was read; read again`, {
        block,
      });
    },
  };
}

/** Answers in the order of `questions`, of which so many go at a time. */
async function inBatches<Q, A>(questions: readonly Q[], ask: (question: Q) => Promise<A>): Promise<A[]> {
  const answers: A[] = [];
  for (let at = 0; at < questions.length; at += AT_ONCE) {
    answers.push(...(await Promise.all(questions.slice(at, at + AT_ONCE).map(ask))));
  }
  return answers;
}

async function askOnce<T>(request: FetchRequest, host: string, method: string, read: (answer: never) => T): Promise<T> {
  const provider = new JsonRpcProvider(request.clone(), 1, { staticNetwork: true });
  try {
    return await answered(host, method, () => provider.send(method, []) as Promise<never>, read);
  } finally {
    provider.destroy();
  }
}

/** A node that refuses so many blocks at once is asked for halves. */
async function logsOf(ask: Ask, filter: LogFilter, from: number, to: number): Promise<NodeLog[]> {
  const range = { ...filter, fromBlock: toQuantity(from), toBlock: toQuantity(to) };
  try {
    return await ask('eth_getLogs', [range], (logs: NodeLog[]) => {
      // What is missing or malformed is found here, where the node can be named.
      return logs.map((log) => ({
        topics: log.topics.map(digest),
        data: log.data.toLowerCase(),
        transactionHash: digest(log.transactionHash),
        blockNumber: toQuantity(log.blockNumber),
      }));
    });
  } catch (thrown) {
    if (!(thrown instanceof SyndicError) || thrown.details.refused !== true || from >= to) throw thrown;
    const middle = Math.floor((from + to) / 2);
    const lower = await logsOf(ask, filter, from, middle);
    return [...lower, ...(await logsOf(ask, filter, middle + 1, to))];
  }
}

/** Names what a node's silence is; ethers' own errors carry request bodies and URLs, and are long. */
async function answered<T>(
  host: string,
  method: string,
  call: () => Promise<never>,
  read: (answer: never) => T,
): Promise<T> {
  const answer = await call().catch((cause: unknown) => {
    const code = String((cause as { code?: unknown }).code ?? 'no answer');
    // Whether the node said no, rather than nothing.
    const refused = code === 'UNKNOWN_ERROR' || code === 'SERVER_ERROR';
    const message = `the chain's node ${host} does not answer (${code}): check the RPC URL`;
    throw new SyndicError('CHAIN_UNAVAILABLE', message, { refused, host }, { cause });
  });
  try {
    return read(answer);
  } catch (cause) {
    const message = `the chain's node ${host} gave a malformed answer to ${method}: ask another node`;
    throw new SyndicError('CHAIN_UNAVAILABLE', message, { method, host }, { cause });
  }
}

function toWord(slot: bigint): string {
  return `0x${slot.toString(16).padStart(64, '0')}`;
}
