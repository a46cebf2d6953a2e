import { FetchRequest, JsonRpcProvider, Network } from 'ethers';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { revertOf } from './revert.ts';

/** A line to an Ethereum node. Every fault that leaves it is a SyndicError, never one of ethers. */
export interface Rpc {
  readonly chainId: number;
  /**
   * @throws SyndicError CHAIN_REVERTED when a call reverts (`details.error` has the contract's own error);
   * CHAIN_UNAVAILABLE when the node does not answer, or answers with an error (then `details.answer` has its words)
   */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
  /** Drops what is under way. */
  close(): void;
}

export interface ProviderOptions {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** For one request, everything included. Default 10. */
  readonly timeoutSeconds?: number;
}

/** A provider that asks nothing by itself, remembers no answers, and fails rather than waits for a node for ever. */
export function openProvider({ rpcUrl, chainId, timeoutSeconds = 10 }: ProviderOptions): JsonRpcProvider {
  const connection = new FetchRequest(rpcUrl);
  connection.timeout = timeoutSeconds * 1000;
  const staticNetwork = Network.from(chainId);
  return new JsonRpcProvider(connection, staticNetwork, { staticNetwork, cacheTimeout: -1, batchMaxCount: 1 });
}

/** The same line over a provider that somebody else made. */
export function rpcOf(provider: JsonRpcProvider, chainId: number): Rpc {
  return {
    chainId,
    async request(method, params) {
      try {
        return await provider.send(method, [...params]);
      } catch (thrown) {
        throw faultOf(thrown, method, provider);
      }
    },
    close: () => provider.destroy(),
  };
}

/** Whether a node answered and refused, which trying the same again will not change; false for a broken line. */
export function wasAnswered(thrown: unknown): boolean {
  return thrown instanceof SyndicError && thrown.code === 'CHAIN_UNAVAILABLE' && thrown.details.answer !== undefined;
}

function faultOf(thrown: unknown, method: string, provider: JsonRpcProvider): SyndicError {
  const revert = method === 'eth_call' || method === 'eth_estimateGas' ? revertOf(thrown) : null;
  if (revert !== null) return revert;
  const host = hostOf(provider._getConnection().url);
  const answer = answerOf(thrown);
  if (answer !== null) {
    return new SyndicError('CHAIN_UNAVAILABLE', `the chain's node at ${host} refused ${method}: ${answer}`, {
      method,
      answer,
    });
  }
  const reason = reasonOf(thrown);
  return new SyndicError(
    'CHAIN_UNAVAILABLE',
    `the chain's node at ${host} did not answer ${method} (${reason}): check that it runs and can be reached`,
    { method, reason },
    { cause: thrown },
  );
}

/** What a node said in its JSON-RPC error; null when there was none. ethers keeps it in one of two places. */
function answerOf(thrown: unknown): string | null {
  const answer = field(field(thrown, 'info'), 'error') ?? field(thrown, 'error');
  const message = field(answer, 'message');
  return typeof message === 'string' ? message.slice(0, 500) : null;
}

/** Never the message of ethers' HTTP errors: the URL stands in it, and in the URL there may be a password. */
function reasonOf(thrown: unknown): string {
  const code = field(thrown, 'code');
  if (code === 'SERVER_ERROR') return `HTTP ${String(field(field(thrown, 'info'), 'responseStatus') ?? 'error')}`;
  if (typeof code === 'string') return code;
  return thrown instanceof Error ? thrown.name : 'unknown fault';
}

/** Host and port: in the rest of the URL there may be a key. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is no URL';
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Reflect.get(value, name);
}
