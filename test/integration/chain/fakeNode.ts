import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { World } from './world.ts';

/** A node that gives the same answer to a method whatever is asked. */
export async function fakeNode(
  answers: Readonly<Record<string, object>>,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createHttpServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8'));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: body.id, ...answers[body.method] }));
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, stop: () => close(server) };
}

/** One JSON-RPC request, and what a node answers to it but for its id. */
export interface Asked {
  readonly method: string;
  readonly params: readonly unknown[];
}
export type Answered = { readonly result?: unknown; readonly error?: object };

/** The world's node, whose answers go through `alter` with what was asked. */
export async function alteringNode(
  on: World,
  alter: (asked: Asked, honest: Answered) => Answered,
): Promise<{ url: string; stop(): Promise<void> }> {
  const headers = { 'content-type': 'application/json' };
  const answerTo = async (one: Asked) => {
    const honest = await fetch(on.rpcUrl, { method: 'POST', headers, body: JSON.stringify(one) });
    const { result, error, ...rest } = (await honest.json()) as Answered;
    return { ...rest, ...alter(one, error === undefined ? { result } : { error: error as object }) };
  };
  const server = createHttpServer(async (request, response) => {
    const asked = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8')) as Asked | Asked[];
    const answers = Array.isArray(asked) ? await Promise.all(asked.map(answerTo)) : await answerTo(asked);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answers));
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, stop: () => close(server) };
}

/** The world's node, except that it refuses `eth_getLogs` over more than `most` blocks. */
export async function narrowNode(on: World, most: number): Promise<{ url: string; stop(): Promise<void> }> {
  return await alteringNode(on, ({ method, params: [range] }, honest) => {
    if (method !== 'eth_getLogs') return honest;
    const { fromBlock, toBlock } = range as { fromBlock: string; toBlock: string };
    const wide = Number(toBlock) - Number(fromBlock) >= most;
    return wide ? { error: { code: -32005, message: 'query exceeds max range' } } : honest;
  });
}

/** A node that takes connections and says nothing. */
export async function deafNode(): Promise<{ url: string; stop(): Promise<void> }> {
  const held: Socket[] = [];
  const server = createServer((socket) => held.push(socket));
  const stop = async () => {
    for (const socket of held) socket.destroy();
    await close(server);
  };
  return { url: `http://127.0.0.1:${await listen(server)}`, stop };
}

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  return typeof at === 'object' && at !== null ? at.port : 0;
}

export async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
