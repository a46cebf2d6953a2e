import { createServer } from 'node:http';

/** What a proxy makes of a call: an answer of its own, or `pass`; null: the connection ends without one. */
export type Twist = (call: { readonly method: string; readonly params: readonly unknown[] }) => object | 'pass' | null;

export interface ProxyNode {
  readonly url: string;
  readonly host: string;
  /** Calls that came in since the last look, by method. */
  asked(): Readonly<Record<string, number>>;
  /** Requests that came in since the last look; a batch of calls is one. */
  trips(): number;
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
  let trips = 0;
  /** Null: there is to be none. */
  async function answerTo(call: { id: unknown; method: string; params: unknown[] }): Promise<object | null> {
    const { id, method, params } = call;
    counts[method] = (counts[method] ?? 0) + 1;
    const own = node.twist({ method, params });
    if (own === null) return null;
    let answer = own;
    if (answer === 'pass') {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify(call);
      answer = (await (await fetch(rpcUrl, { method: 'POST', headers, body })).json()) as object;
      if (node.lose > 0) {
        node.lose--;
        return null;
      }
      if (node.change !== null && 'result' in answer) answer = { result: node.change(method, answer.result) };
    }
    return { ...answer, jsonrpc: '2.0', id };
  }
  const server = createServer(async (request, response) => {
    try {
      const body = Buffer.concat(await request.toArray());
      trips++;
      const calls = JSON.parse(body.toString('utf8'));
      const answers: object[] = [];
      for (const call of [calls].flat()) {
        const answer = await answerTo(call);
        if (answer === null) return void request.socket.destroy();
        answers.push(answer);
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(Array.isArray(calls) ? answers : answers[0]));
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
    trips() {
      const seen = trips;
      trips = 0;
      return seen;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return node;
}
