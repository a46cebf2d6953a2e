import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Address } from '../../core/values.ts';
import { chainIdOf, codeAt } from './node.ts';
import type { Rpc } from './rpc.ts';

/** @throws SyndicError CHAIN_MISMATCH when the node serves another chain than `rpc` was opened for */
export async function checkChainId(rpc: Rpc): Promise<void> {
  const served = await chainIdOf(rpc);
  if (served === rpc.chainId) return;
  throw new SyndicError(
    'CHAIN_MISMATCH',
    `the node serves chain ${served}, and chain ${rpc.chainId} is configured: check the RPC address and the chain id`,
    { served, configured: rpc.chainId },
  );
}

/** @throws SyndicError CHAIN_MISMATCH when nothing is deployed at one of the addresses */
export async function checkDeployed(rpc: Rpc, contracts: Readonly<Record<string, Address>>): Promise<void> {
  const named = Object.entries(contracts);
  const codes = await Promise.all(named.map(([, address]) => codeAt(rpc, address)));
  const missing = named.filter((_, i) => codes[i] === '0x').map(([name, address]) => `${name} at ${address}`);
  if (missing.length === 0) return;
  throw new SyndicError(
    'CHAIN_MISMATCH',
    `chain ${rpc.chainId} has no contract ${missing.join(', ')}: check the addresses, or deploy first`,
    { missing },
  );
}
