import { Transaction, Wallet } from 'ethers';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Address, address, type Digest, digest } from '../../core/values.ts';
import { type Fees, priceOf } from '../chain/fees.ts';
import type { Block } from '../chain/node.ts';

/** The coordinator's key, as far as the chain needs it. */
export interface Signer {
  readonly address: Address;
  /** Same request, same bytes (RFC 6979). */
  sign(request: SignRequest): Promise<SignedTransaction>;
}

export interface SignRequest {
  readonly chainId: number;
  readonly nonce: number;
  readonly to: Address;
  readonly data: string;
  readonly gasLimit: number;
  readonly fees: Fees;
}

export interface SignedTransaction {
  /** What `eth_sendRawTransaction` takes. */
  readonly raw: string;
  readonly hash: Digest;
}

/** @throws SyndicError CONFIG_INVALID when it is no private key */
export function createSigner(privateKey: string): Signer {
  const wallet = walletOf(privateKey);
  return {
    address: address(wallet.address),
    async sign({ fees, ...request }) {
      const raw = await wallet.signTransaction({ ...request, ...fees, value: 0 });
      return { raw, hash: transactionHash(raw) };
    },
  };
}

/** Whether a signed transaction's offer is below the base fee: no block can take it. */
export function isUnderpriced(raw: string, latest: Block): boolean {
  return latest.baseFeePerGas !== null && priceOf(feesOf(raw)) < latest.baseFeePerGas;
}

export function feesOf(raw: string): Fees {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = Transaction.from(raw);
  if (maxFeePerGas === null) return { type: 0, gasPrice: gasPrice ?? 0n };
  return { type: 2, maxFeePerGas, maxPriorityFeePerGas: maxPriorityFeePerGas ?? 0n };
}

/** What was asked for, but for the fees. */
export function requestOf(raw: string): Omit<SignRequest, 'fees'> {
  const { chainId, nonce, to, data, gasLimit } = Transaction.from(raw);
  if (to === null) throw new RangeError('a transaction of the outbox calls a contract');
  return { chainId: Number(chainId), nonce, to: address(to), data, gasLimit: Number(gasLimit) };
}

function transactionHash(raw: string): Digest {
  const { hash } = Transaction.from(raw);
  if (hash === null) throw new RangeError('a signed transaction has a hash');
  return digest(hash);
}

function walletOf(privateKey: string): Wallet {
  try {
    return new Wallet(privateKey);
  } catch {
    // What ethers says of it may quote it.
    throw new SyndicError('CONFIG_INVALID', "the coordinator's private key is no secp256k1 key: check its keystore");
  }
}
