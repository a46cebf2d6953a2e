import type { Interface, JsonRpcProvider, Result } from 'ethers';
import { type BlockTag, call } from '../../coordinator/chain/node.ts';
import type { Address } from '../../core/values.ts';
import { lineOf } from './connectChain.ts';

/** Calls a view method of a contract. @throws SyndicError CHAIN_REVERTED, CHAIN_UNAVAILABLE */
export async function read(
  provider: JsonRpcProvider,
  contract: { readonly abi: Interface; readonly address: Address },
  method: string,
  args: readonly unknown[],
  tag: BlockTag = 'latest',
): Promise<Result> {
  const data = contract.abi.encodeFunctionData(method, args);
  const answer = await call(await lineOf(provider), { to: contract.address, data }, tag);
  return contract.abi.decodeFunctionResult(method, answer);
}
