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

/** The world's node, except that it refuses `eth_getLogs` over more than `most` blocks. */
export async function narrowNode(on: World, most: number): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createHttpServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const { id, method, params } = JSON.parse(body.toString('utf8'));
    const wide = method === 'eth_getLogs' && Number(params[0].toBlock) - Number(params[0].fromBlock) >= most;
    const refused = JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32005, message: 'query exceeds max range' } });
    const headers = { 'content-type': 'application/json' };
    const answer = wide ? refused : await (await fetch(on.rpcUrl, { method: 'POST', headers, body })).text();
    response.setHeader('content-type', 'application/json');
    response.end(answer);
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, stop: () => close(server) };
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
