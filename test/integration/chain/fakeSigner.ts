import { createServer } from 'node:http';
import { close, listen } from './fakeNode.ts';

export interface FakeSigner {
  readonly url: string;
  /** Methods that it was asked, in order. */
  readonly asked: string[];
  stop(): Promise<void>;
}

/**
 * A signer in front of a real one: `answer` may give its own result or error to a method; what it leaves undefined the
 * real one answers. Null: it never answers.
 */
export async function fakeSigner(
  real: string,
  answer: (method: string, params: readonly unknown[]) => object | string | null | undefined,
): Promise<FakeSigner> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    const { id, method, params } = JSON.parse(body);
    asked.push(method);
    const own = answer(method, params);
    if (own === null) return;
    const headers = { 'content-type': 'application/json' };
    const text = async () => await (await fetch(real, { method: 'POST', headers, body })).text();
    response.setHeader('content-type', 'application/json');
    if (typeof own === 'string') response.end(own);
    else response.end(own === undefined ? await text() : JSON.stringify({ jsonrpc: '2.0', id, ...own }));
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    asked,
    stop: async () => {
      server.closeAllConnections();
      await close(server);
    },
  };
}
