/** Asks a node over JSON-RPC. @throws Error when it answers with an error */
export async function askNode<T>(rpcUrl: string, method: string, ...params: readonly unknown[]): Promise<T> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(60_000),
  });
  const { result, error } = (await response.json()) as { result?: T; error?: { message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result as T;
}

/** What `eth_getProof` answers (EIP-1186). */
export interface ProofOfNode {
  readonly accountProof: readonly string[];
  readonly balance: string;
  readonly codeHash: string;
  readonly nonce: string;
  readonly storageHash: string;
  readonly storageProof: readonly { key: string; value: string; proof: readonly string[] }[];
}

/** What `eth_getBlockByNumber` answers. */
export type BlockOfNode = Readonly<Record<string, unknown>> & { readonly hash: string; readonly number: string };
