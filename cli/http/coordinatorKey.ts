import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Address } from '../../core/values.ts';
import { dialChain } from '../chain/chainFile.ts';
import { keyOf } from '../chain/consortium.ts';
import type { Connection } from './Connection.ts';

/**
 * The key with which the coordinator must sign: as the chain has it where the caller has a node, else as the caller
 * was told, else the account itself.
 *
 * @throws SyndicError CHAIN_UNAVAILABLE, CHAIN_MISMATCH, COORDINATOR_UNTRUSTED, USAGE
 */
export async function coordinatorKey(connection: Connection): Promise<Address> {
  const { rpcUrl, coordinatorKey, coordinator } = connection;
  return rpcUrl === undefined ? (coordinatorKey ?? coordinator) : await keyOnChain(connection, rpcUrl);
}

async function keyOnChain({ coordinator, deployment }: Connection, rpcUrl: string): Promise<Address> {
  if (deployment === undefined) {
    throw new SyndicError('USAGE', 'to ask the chain, the contracts must be known: give --deployment FILE with --rpc');
  }
  const chain = await dialChain(rpcUrl, deployment);
  try {
    const key = await keyOf(chain.provider, deployment.consortium, coordinator);
    if (key !== null) return key;
    throw new SyndicError('COORDINATOR_UNTRUSTED', `the chain lists no key of the coordinator ${coordinator}`, {
      coordinator,
    });
  } finally {
    chain.close();
  }
}
