import { createServer } from 'node:http';

/** What a proxy makes of a call: an answer of its own, or `pass`; null: the connection ends without one. */
export type Twist = (call: { readonly method: string; readonly params: readonly unknown[] }) => object | 'pass' | null;

export interface ProxyNode {
  readonly url: string;
  readonly host: string;
  /** Calls that came in since the last look, by method. */
  asked(): Readonly<Record<string, number>>;
  /** From now on. */
  twist: Twist;
  /** Answers that are lost on their way: the node did as it was asked. */
  lose: number;
  /** What the real node says, changed. */
  change: ((method: string, result: unknown) => unknown) | null;
  stop(): Promise<void>;
}

export const pass: Twist = () => 'pass';

/** A node of a chain, but for what its twist makes of calls and answers. */
export async function proxyNode(rpcUrl: string): Promise<ProxyNode> {
  let counts: Record<string, number> = {};
  const server = createServer(async (request, response) => {
    try {
      const body = Buffer.concat(await request.toArray());
      const { id, method, params } = JSON.parse(body.toString('utf8'));
      counts[method] = (counts[method] ?? 0) + 1;
      const own = node.twist({ method, params });
      if (own === null) return void request.socket.destroy();
      let answer = own;
      if (answer === 'pass') {
        const headers = { 'content-type': 'application/json' };
        answer = (await (await fetch(rpcUrl, { method: 'POST', headers, body })).json()) as object;
        if (node.lose > 0) {
          node.lose--;
          return void request.socket.destroy();
        }
        if (node.change !== null && 'result' in answer) answer = { result: node.change(method, answer.result) };
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...answer, jsonrpc: '2.0', id }));
    } catch {
      // The chain behind it has ended, or the client hung up.
      request.socket.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  const node: ProxyNode = {
    ...{ url: `http://127.0.0.1:${port}/key`, host: `127.0.0.1:${port}`, twist: pass, lose: 0, change: null },
    asked() {
      const seen = counts;
      counts = {};
      return seen;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return node;
}
