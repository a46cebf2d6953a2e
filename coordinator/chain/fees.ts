import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Address } from '../../core/values.ts';
import { type Block, balanceOf, gasPrice, priorityFee } from './node.ts';
import { type Rpc, wasAnswered } from './rpc.ts';

/** What a transaction offers, in wei a unit of gas. */
export type Fees =
  | { readonly type: 0; readonly gasPrice: bigint }
  | { readonly type: 2; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

/** Offered above the doubled base fee where the account can pay: a free network's base fee may leave zero for good. */
const HEADROOM = 1_000_000_000n;

/**
 * Fees that stay good while the base fee doubles, or as far as the account's money goes. Where the base fee is zero,
 * an account without money offers nothing and is served.
 *
 * @param latest the newest block
 * @param replaced what was offered for the same nonce before: nodes take another transaction in its place only when it
 * offers visibly more
 * @throws SyndicError STATE_CONFLICT when the account cannot pay for `gasLimit` now
 */
export async function currentFees(
  rpc: Rpc,
  from: Address,
  gasLimit: number,
  latest: Block,
  replaced: Fees | null = null,
): Promise<Fees> {
  const base = latest.baseFeePerGas;
  const least = { price: outbid(replaced === null ? null : priceOf(replaced)), tip: outbid(tipIn(replaced)) };
  if (base === null) return { type: 0, gasPrice: higher(await gasPrice(rpc), least.price) };
  const tip = higher(base === 0n ? 0n : await suggestedTip(rpc), least.tip);
  const needed = higher(base + tip, least.price);
  const affordable = (await balanceOf(rpc, from)) / BigInt(gasLimit);
  if (affordable < needed) throw unfunded(from, needed * BigInt(gasLimit));
  const wanted = higher(2n * base + tip + HEADROOM, least.price);
  return { type: 2, maxFeePerGas: affordable < wanted ? affordable : wanted, maxPriorityFeePerGas: tip };
}

/** Whether whoever makes this network's blocks is paid for it: where nobody is, offering more changes nothing. */
export async function arePaid(rpc: Rpc, latest: Block): Promise<boolean> {
  if (latest.baseFeePerGas === null) return (await gasPrice(rpc)) > 0n;
  return latest.baseFeePerGas > 0n;
}

/** The most that a transaction pays for a unit of gas. */
export function priceOf(fees: Fees): bigint {
  return fees.type === 0 ? fees.gasPrice : fees.maxFeePerGas;
}

/** EIP-7825: no transaction on Ethereum may ask for more. */
export const TRANSACTION_GAS = 2 ** 24;

/** A fifth above the estimate, because state may change before the transaction's turn comes. */
export function gasLimitFor(estimate: number): number {
  const generous = Math.ceil(estimate * 1.2);
  return estimate <= TRANSACTION_GAS ? Math.min(generous, TRANSACTION_GAS) : generous;
}

/** An eighth more: go-ethereum and Besu ask for a tenth. */
function outbid(offered: bigint | null): bigint {
  return offered === null ? 0n : offered + (offered + 7n) / 8n;
}

function tipIn(fees: Fees | null): bigint | null {
  return fees?.type === 2 ? fees.maxPriorityFeePerGas : null;
}

function higher(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

async function suggestedTip(rpc: Rpc): Promise<bigint> {
  try {
    return await priorityFee(rpc);
  } catch (thrown) {
    // A node without the method has no opinion.
    if (wasAnswered(thrown)) return 0n;
    throw thrown;
  }
}

function unfunded(from: Address, needed: bigint): SyndicError {
  return new SyndicError(
    'STATE_CONFLICT',
    `account ${from} cannot pay for its transaction: send it at least ${needed} wei`,
    { account: from, needed: needed.toString() },
  );
}
