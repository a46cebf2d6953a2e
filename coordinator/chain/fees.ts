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
 * @throws SyndicError STATE_CONFLICT when the account cannot pay for `gasLimit` now
 */
export async function currentFees(rpc: Rpc, from: Address, gasLimit: number, latest: Block): Promise<Fees> {
  const base = latest.baseFeePerGas;
  if (base === null) return { type: 0, gasPrice: await gasPrice(rpc) };
  const tip = base === 0n ? 0n : await tipOf(rpc);
  const affordable = (await balanceOf(rpc, from)) / BigInt(gasLimit);
  if (affordable < base + tip) throw unfunded(from, (base + tip) * BigInt(gasLimit));
  const wanted = 2n * base + tip + HEADROOM;
  return { type: 2, maxFeePerGas: affordable < wanted ? affordable : wanted, maxPriorityFeePerGas: tip };
}

/** The most that a transaction pays for a unit of gas. */
export function priceOf(fees: Fees): bigint {
  return fees.type === 0 ? fees.gasPrice : fees.maxFeePerGas;
}

/** EIP-7825: no transaction on Ethereum may ask for more. */
const TRANSACTION_GAS = 2 ** 24;

/** A fifth above the estimate, because state may change before the transaction's turn comes. */
export function gasLimitFor(estimate: number): number {
  const generous = Math.ceil(estimate * 1.2);
  return estimate <= TRANSACTION_GAS ? Math.min(generous, TRANSACTION_GAS) : generous;
}

async function tipOf(rpc: Rpc): Promise<bigint> {
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
