import { z } from 'zod';
import { blockAt } from '../../coordinator/chain/node.ts';
import type { Contracts } from '../../coordinator/chain/port.ts';
import { parseJson } from '../../core/canonicalJson.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { parseInvitation } from '../../core/invitation/Invitation.ts';
import { addressSchema, checkDocument, digestSchema } from '../../core/schemas.ts';
import type { Digest, Slot } from '../../core/values.ts';
import { keepFile } from '../../worker/keepFile.ts';
import { readInput } from '../files.ts';
import { type ChainLine, connectChain } from './connectChain.ts';

/** Where a consortium's contracts stand: what `consortium deploy` writes. */
export interface Deployment extends Contracts {
  readonly chainId: number;
  /** Hash of block 0. */
  readonly genesis: Digest;
}

const deploymentSchema = z.strictObject({
  chainId: z.int().positive(),
  genesis: digestSchema,
  consortium: addressSchema,
  dataUse: addressSchema,
  ledger: addressSchema,
});

export async function writeDeployment(path: string, deployment: Deployment): Promise<void> {
  await keepFile(path, `${JSON.stringify(deployment, null, 2)}\n`, 0o644);
}

/**
 * A deployment file, or an invitation, which says the same and the member's slot.
 *
 * @throws SyndicError DOCUMENT_INVALID
 */
export async function readChainFile(path: string): Promise<{ deployment: Deployment; slot: Slot | null }> {
  const value = parseJson(await readInput(path));
  if (typeof value === 'object' && value !== null && 'contracts' in value) {
    const { chainId, genesis, contracts, slot } = parseInvitation(value);
    return { deployment: { chainId, genesis, ...contracts }, slot };
  }
  return { deployment: checkDocument(`deployment ${path}`, deploymentSchema, value), slot: null };
}

/** Dials a node of the chain that a deployment names. @throws SyndicError CHAIN_MISMATCH, CHAIN_UNAVAILABLE */
export async function dialChain(rpcUrl: string, deployment: Deployment): Promise<ChainLine> {
  const chain = await connectChain(rpcUrl);
  try {
    const genesis = (await blockAt(chain.rpc, 0)).hash;
    if (chain.chainId === deployment.chainId && genesis === deployment.genesis) return chain;
    throw new SyndicError(
      'CHAIN_MISMATCH',
      `the node serves chain ${chain.chainId} with genesis ${genesis}; the file names chain ${deployment.chainId} with genesis ${deployment.genesis}: give --rpc a node of that chain`,
      { served: { chainId: chain.chainId, genesis }, wanted: deployment },
    );
  } catch (error) {
    chain.close();
    throw error;
  }
}
