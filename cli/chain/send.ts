import { setTimeout as sleep } from 'node:timers/promises';
import { type Interface, type JsonRpcProvider, type Signer, Transaction, type TransactionRequest } from 'ethers';
import { z } from 'zod';
import { currentFees, gasLimitFor } from '../../coordinator/chain/fees.ts';
import {
  blockAt,
  call,
  estimateGas,
  getReceipt,
  type Receipt,
  transactionCount,
} from '../../coordinator/chain/node.ts';
import type { Rpc } from '../../coordinator/chain/rpc.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Address, address, type Digest, digest } from '../../core/values.ts';
import { lineOf } from './connectChain.ts';
import { lacksMethod, RemoteSigner } from './RemoteSigner.ts';

/** What an account says to the chain; without `to` it deploys. */
export interface Message {
  readonly to?: Address;
  readonly data: string;
  /** The account's next unused one by default. */
  readonly nonce?: number;
}

/** Seconds until a transaction that no block takes is given up on. */
const PATIENCE = 180;

/**
 * Tries of one message. What others do between the estimate and the block can make a call dearer: a hundred hospitals that
 * join a study at once each move the others' places on its roster.
 */
const TRIES = 4;

/**
 * Tries a call, then signs, sends and waits until it stands in a block. One that ran out of gas there, and would go
 * through now, is sent again with more. The account pays.
 *
 * @throws SyndicError CHAIN_REVERTED with the contract's error, STATE_CONFLICT when the account lacks money,
 * CHAIN_UNAVAILABLE when no block took it in time (it still may)
 */
export async function send(provider: JsonRpcProvider, signer: Signer, message: Message): Promise<Receipt> {
  const rpc = await lineOf(provider);
  const from = address(await signer.getAddress());
  for (let left = TRIES - 1, room = 1; ; left--, room *= 2) {
    const receipt = await sendOnce(rpc, signer, from, message, room);
    if (receipt.status === 1) return receipt;
    const error = await revertOf(rpc, from, message, receipt);
    // A nonce that was given is used up.
    if (error !== null || left === 0 || message.nonce !== undefined) throw error ?? ranOut(receipt);
  }
}

/** @param room how many times as much gas as usual it may use */
async function sendOnce(rpc: Rpc, signer: Signer, from: Address, message: Message, room: number): Promise<Receipt> {
  const { data, to } = message;
  const latest = await blockAt(rpc, 'latest');
  if (to !== undefined) await call(rpc, { from, to, data }, latest.number);
  const request = to === undefined ? { from, data } : { from, to, data };
  const gasLimit = gasLimitFor(room * (await estimateGas(rpc, request)));
  return await receiptOf(
    rpc,
    await transmit(rpc, signer, {
      ...(await currentFees(rpc, from, gasLimit, latest)),
      ...(to === undefined ? { data } : { to, data }),
      chainId: rpc.chainId,
      nonce: message.nonce ?? (await transactionCount(rpc, from, 'pending')),
      gasLimit,
      value: 0,
    }),
  );
}

/** `send` of one method of a contract. */
export async function invoke(
  provider: JsonRpcProvider,
  signer: Signer,
  contract: { readonly abi: Interface; readonly address: Address },
  method: string,
  args: readonly unknown[],
): Promise<Receipt> {
  const data = contract.abi.encodeFunctionData(method, args);
  return await send(provider, signer, { to: contract.address, data });
}

/** Signs and sends here; what only a signer can send, it sends, and this node must come to have the same. */
async function transmit(rpc: Rpc, signer: Signer, request: TransactionRequest): Promise<Digest> {
  try {
    const raw = await signer.signTransaction(request);
    await rpc.request('eth_sendRawTransaction', [raw]);
    return hashOf(raw);
  } catch (thrown) {
    if (!(signer instanceof RemoteSigner) || !lacksMethod(thrown)) throw thrown;
  }
  const transaction = await signer.sendThere(request);
  await receiptOf(rpc, transaction);
  const sent = sentSchema.parse(await rpc.request('eth_getTransactionByHash', [transaction]));
  signer.checkAsked(request, { ...sent, data: sent.input, chainId: rpc.chainId });
  return transaction;
}

const sentSchema = z.object({
  from: z.string(),
  to: z.string().nullish(),
  input: z.string(),
  value: z.string(),
  nonce: z.string(),
});

async function receiptOf(rpc: Rpc, transaction: Digest): Promise<Receipt> {
  const deadline = Date.now() + PATIENCE * 1000;
  for (let pause = 5; Date.now() < deadline; pause = Math.min(pause * 2, 500)) {
    const receipt = await getReceipt(rpc, transaction);
    if (receipt !== null) return receipt;
    await sleep(pause);
  }
  throw new SyndicError(
    'CHAIN_UNAVAILABLE',
    `no block took transaction ${transaction} within ${PATIENCE} s: it may still be taken; look before you repeat`,
    { transaction },
  );
}

/** Receipts carry no reason: the same call on its block's state has it. Null: it goes through there. */
async function revertOf(
  rpc: Rpc,
  from: Address,
  { to, data }: Message,
  { blockNumber }: Receipt,
): Promise<SyndicError | null> {
  try {
    if (to !== undefined) await call(rpc, { from, to, data }, blockNumber);
    return null;
  } catch (thrown) {
    if (thrown instanceof SyndicError) return thrown;
    throw thrown;
  }
}

function ranOut({ transactionHash: transaction, blockNumber: block }: Receipt): SyndicError {
  return new SyndicError('CHAIN_REVERTED', `transaction ${transaction} was reverted in block ${block}: try again`, {
    transaction,
    block,
  });
}

function hashOf(raw: string): Digest {
  const { hash } = Transaction.from(raw);
  if (hash === null) throw new RangeError('a signed transaction has a hash');
  return digest(hash);
}
