import { setTimeout as sleep } from 'node:timers/promises';
import { type Interface, type JsonRpcProvider, type Signer, Transaction } from 'ethers';
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
 * Tries a call, then signs, sends and waits until it stands in a block. The account pays.
 *
 * @throws SyndicError CHAIN_REVERTED with the contract's error, STATE_CONFLICT when the account lacks money,
 * CHAIN_UNAVAILABLE when no block took it in time (it still may)
 */
export async function send(provider: JsonRpcProvider, signer: Signer, message: Message): Promise<Receipt> {
  const rpc = await lineOf(provider);
  const from = address(await signer.getAddress());
  const { data, to } = message;
  const latest = await blockAt(rpc, 'latest');
  if (to !== undefined) await call(rpc, { from, to, data }, latest.number);
  const request = to === undefined ? { from, data } : { from, to, data };
  const gasLimit = gasLimitFor(await estimateGas(rpc, request));
  const raw = await signer.signTransaction({
    ...(await currentFees(rpc, from, gasLimit, latest)),
    ...(to === undefined ? { data } : { to, data }),
    chainId: rpc.chainId,
    nonce: message.nonce ?? (await transactionCount(rpc, from, 'pending')),
    gasLimit,
    value: 0,
  });
  await rpc.request('eth_sendRawTransaction', [raw]);
  const receipt = await receiptOf(rpc, hashOf(raw));
  if (receipt.status === 1) return receipt;
  throw await reverted(rpc, from, message, receipt);
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

/** Receipts carry no reason: the same call on its block's state has it. */
async function reverted(rpc: Rpc, from: Address, { to, data }: Message, receipt: Receipt): Promise<SyndicError> {
  const { transactionHash: transaction, blockNumber: block } = receipt;
  try {
    if (to !== undefined) await call(rpc, { from, to, data }, block);
  } catch (thrown) {
    if (thrown instanceof SyndicError) return thrown;
    throw thrown;
  }
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
