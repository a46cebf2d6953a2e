import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { SyndicError } from '../core/errors/SyndicError.ts';

export interface Page {
  readonly status?: number;
  readonly type: string;
  readonly body: string;
}

export interface Listener {
  /** Such as `http://127.0.0.1:9464`. */
  readonly url: string;
  close(): Promise<void>;
}

/** A request is one line and a few headers; who needs longer to send it is no monitoring system. */
const REQUEST_MS = 10_000;
/** A monitoring system holds one connection open, or two. */
const MOST_CONNECTIONS = 32;

/**
 * A listener of its own for those who watch this process: plain HTTP, only GET, only the paths given. What it shows is
 * no secret, yet nobody's business but the operator's: it never shares a port with what members reach.
 *
 * @param port 0: any free one
 * @throws SyndicError CONFIG_INVALID when it cannot listen there
 */
export async function listen(
  { host, port }: { readonly host: string; readonly port: number },
  pages: Readonly<Record<string, () => Promise<Page>>>,
): Promise<Listener> {
  const server = createServer((request, response) => {
    answer(request, response, pages).catch(() => response.destroy());
  });
  server.requestTimeout = REQUEST_MS;
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new SyndicError('CONFIG_INVALID', `cannot listen on ${host}:${port}: ${cause.message}`, {}, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const at = bound !== null && typeof bound === 'object' ? bound.port : port;
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${at}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  pages: Readonly<Record<string, () => Promise<Page>>>,
): Promise<void> {
  const page = new Map(Object.entries(pages)).get(url.split('?', 1)[0] ?? '/');
  if (page === undefined) return send(response, { status: 404, type: 'text/plain', body: 'nothing is on this path\n' });
  if (method !== 'GET') {
    response.setHeader('allow', 'GET');
    return send(response, { status: 405, type: 'text/plain', body: 'this path answers to GET\n' });
  }
  send(response, await page());
}

function send(response: ServerResponse, { status = 200, type, body }: Page): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
