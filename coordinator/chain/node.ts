import { z } from 'zod';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Address, digest, instant } from '../../core/values.ts';
import type { BlockRef } from './port.ts';
import type { Rpc } from './rpc.ts';

/** What a node says, checked for its form: a node that answers wrongly is as good as one that does not answer. */

const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]+$/)
  .transform(Number)
  .refine(Number.isSafeInteger, 'beyond 2^53');
const wei = z
  .string()
  .regex(/^0x[0-9a-fA-F]+$/)
  .transform(BigInt);
const bytes = z.string().regex(/^0x([0-9a-fA-F]{2})*$/);
const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform(digest);

const blockSchema = z
  .object({
    number: quantity,
    hash,
    parentHash: hash,
    timestamp: quantity,
    gasLimit: quantity,
    baseFeePerGas: wei.nullish(),
  })
  .transform((block) => ({
    ...block,
    timestamp: instant(block.timestamp),
    /** Wei; null before London. */
    baseFeePerGas: block.baseFeePerGas ?? null,
  }));
const logSchema = z.object({
  blockNumber: quantity,
  blockHash: hash,
  logIndex: quantity,
  transactionHash: hash,
  address: z.string().transform((text) => text.toLowerCase()),
  topics: z.array(hash),
  data: bytes,
});
const receiptSchema = z.object({
  transactionHash: hash,
  blockNumber: quantity,
  blockHash: hash,
  status: quantity,
  gasUsed: quantity,
  contractAddress: z.string().nullish(),
});

export type Block = z.infer<typeof blockSchema>;
export type NodeLog = z.infer<typeof logSchema>;
export type Receipt = z.infer<typeof receiptSchema>;
/** A block's number, or a node's name for one. */
export type BlockTag = number | 'latest' | 'pending' | 'finalized';

export interface Call {
  readonly to: Address;
  readonly data: string;
  readonly from?: Address;
}

export interface LogFilter {
  readonly from: number;
  readonly to: BlockTag;
  readonly addresses: readonly Address[];
  /** By position; null: any. */
  readonly topics?: readonly (string | readonly string[] | null)[];
}

/** Null when the node has no such block. */
export async function getBlock(rpc: Rpc, tag: BlockTag): Promise<Block | null> {
  return await ask(rpc, 'eth_getBlockByNumber', [tagText(tag), false], blockSchema.nullable());
}

/** A block that cannot be missing. @throws SyndicError CHAIN_UNAVAILABLE */
export async function blockAt(rpc: Rpc, tag: BlockTag): Promise<Block> {
  const block = await getBlock(rpc, tag);
  if (block === null) throw new SyndicError('CHAIN_UNAVAILABLE', `the chain's node has no block ${tag}`);
  return block;
}

export function refOf(block: Block): BlockRef {
  return { number: block.number, hash: block.hash, timestamp: block.timestamp };
}

/** @throws SyndicError CHAIN_REVERTED */
export async function call(rpc: Rpc, { to, data, from }: Call, tag: BlockTag): Promise<string> {
  const request = from === undefined ? { to, data } : { from, to, data };
  return await ask(rpc, 'eth_call', [request, tagText(tag)], bytes);
}

/** Units of gas. @throws SyndicError CHAIN_REVERTED */
export async function estimateGas(
  rpc: Rpc,
  request: { readonly from: Address; readonly to?: Address; readonly data: string },
): Promise<number> {
  return await ask(rpc, 'eth_estimateGas', [request], quantity);
}

export async function getLogs(rpc: Rpc, { from, to, addresses, topics }: LogFilter): Promise<NodeLog[]> {
  const filter = { fromBlock: tagText(from), toBlock: tagText(to), address: addresses, topics: topics ?? [] };
  return await ask(rpc, 'eth_getLogs', [filter], z.array(logSchema));
}

/** Null while the transaction is in no block that the node knows. */
export async function getReceipt(rpc: Rpc, transaction: string): Promise<Receipt | null> {
  return await ask(rpc, 'eth_getTransactionReceipt', [transaction], receiptSchema.nullable());
}

/** Whether the node has the transaction, mined or waiting. */
export async function knowsTransaction(rpc: Rpc, transaction: string): Promise<boolean> {
  return (await rpc.request('eth_getTransactionByHash', [transaction])) !== null;
}

/** The next nonce of `account` as of a block. */
export async function transactionCount(rpc: Rpc, account: Address, tag: BlockTag): Promise<number> {
  return await ask(rpc, 'eth_getTransactionCount', [account, tagText(tag)], quantity);
}

/** Wei. */
export async function balanceOf(rpc: Rpc, account: Address): Promise<bigint> {
  return await ask(rpc, 'eth_getBalance', [account, 'latest'], wei);
}

export async function codeAt(rpc: Rpc, account: Address): Promise<string> {
  return await ask(rpc, 'eth_getCode', [account, 'latest'], bytes);
}

/** Wei a unit of gas, for networks without a base fee. */
export async function gasPrice(rpc: Rpc): Promise<bigint> {
  return await ask(rpc, 'eth_gasPrice', [], wei);
}

/** Wei a unit of gas that a block's maker wants on top of the base fee. */
export async function priorityFee(rpc: Rpc): Promise<bigint> {
  return await ask(rpc, 'eth_maxPriorityFeePerGas', [], wei);
}

export async function chainIdOf(rpc: Rpc): Promise<number> {
  return await ask(rpc, 'eth_chainId', [], quantity);
}

function tagText(tag: BlockTag): string {
  return typeof tag === 'number' ? `0x${tag.toString(16)}` : tag;
}

async function ask<T>(rpc: Rpc, method: string, params: readonly unknown[], schema: z.ZodType<T>): Promise<T> {
  const answer = await rpc.request(method, params);
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const fault = parsed.error.issues[0];
  throw new SyndicError(
    'CHAIN_UNAVAILABLE',
    `the chain's node gave a malformed answer to ${method} (${fault?.path.join('.')}: ${fault?.message})`,
    { method },
  );
}
