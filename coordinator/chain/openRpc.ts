import type { Log } from '../modules.ts';
import { nodesAsOne } from './nodes.ts';
import { hostOf, openProvider, type ProviderOptions, type Rpc, rpcOf } from './rpc.ts';

export interface RpcOptions extends Omit<ProviderOptions, 'rpcUrl'> {
  /** One node, or several that have to agree: see `nodesAsOne`. */
  readonly rpcUrl: string | readonly string[];
}

/**
 * Opens nothing yet: the first request does.
 *
 * @param onLeft called whenever a request is made while one of several nodes is left
 */
export function openRpc({ rpcUrl, ...options }: RpcOptions, log: Log, onLeft?: () => void): Rpc {
  const nodes = [rpcUrl].flat().map((url) => {
    return { host: hostOf(url), rpc: rpcOf(openProvider({ rpcUrl: url, ...options }), options.chainId) };
  });
  const [first, ...others] = nodes;
  return first !== undefined && others.length === 0 ? first.rpc : nodesAsOne(nodes, options.chainId, { log, onLeft });
}
