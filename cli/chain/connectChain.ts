import type { JsonRpcProvider } from 'ethers';
import { chainIdOf } from '../../coordinator/chain/node.ts';
import { openProvider, type Rpc, rpcOf } from '../../coordinator/chain/rpc.ts';

/** A node that a command talks to. `rpc` and `provider` are one line. */
export interface ChainLine {
  readonly chainId: number;
  readonly provider: JsonRpcProvider;
  readonly rpc: Rpc;
  close(): void;
}

/** Dials a node and asks which chain it serves. @throws SyndicError CHAIN_UNAVAILABLE */
export async function connectChain(rpcUrl: string): Promise<ChainLine> {
  const chainId = await servedChain(rpcUrl);
  const provider = openProvider({ rpcUrl, chainId });
  return { chainId, provider, rpc: rpcOf(provider, chainId), close: () => provider.destroy() };
}

/** The line of a provider that somebody else made. */
export async function lineOf(provider: JsonRpcProvider): Promise<Rpc> {
  const { chainId } = await provider.getNetwork();
  return rpcOf(provider, Number(chainId));
}

/** A provider must know its chain before it asks; the number given here is never used. */
async function servedChain(rpcUrl: string): Promise<number> {
  const provider = openProvider({ rpcUrl, chainId: 1 });
  try {
    return await chainIdOf(rpcOf(provider, 1));
  } finally {
    provider.destroy();
  }
}
