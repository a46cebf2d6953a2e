import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { Files } from '../../../audit/Files.ts';
import { httpArtifacts } from '../../../audit/httpArtifacts.ts';
import { sha256 } from '../../../core/sha256.ts';
import { fileName } from '../../../core/values.ts';
import { rejected } from '../../unit/core/thrown.ts';

const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
const digest = sha256(bytes);

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server's folder with one file, served in ranges as RFC 9110 has it. */
const honest: Answer = ({ url, method, headers }, response) => {
  if (url !== `/kept/${fileName(digest)}`) return void response.writeHead(404).end();
  if (method === 'HEAD') return void response.writeHead(200, { 'content-length': bytes.length }).end();
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  const part = bytes.subarray(Number(from), Number(to) + 1);
  response.writeHead(206, { 'content-length': part.length }).end(part);
};

async function serving<T>(answer: Answer, work: (url: URL) => Promise<T>): Promise<T> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/kept`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a file is read in pieces, and another is not there', async () => {
  await serving(honest, async (url) => {
    const files = new Files([httpArtifacts(url)]);
    expect(await files.check(digest)).toBe('whole');
    expect(await files.check(sha256(new Uint8Array(1)))).toBe('missing');
    const artifact = await httpArtifacts(url).open(digest);
    expect(artifact?.size).toBe(bytes.length);
    expect(await artifact?.read(2_999_990, 100)).toEqual(bytes.slice(2_999_990));
    expect(await artifact?.read(bytes.length, 1)).toEqual(new Uint8Array());
  });
});

test('other bytes are damaged, however they are named', async () => {
  const lying: Answer = (request, response) => {
    if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': 10 }).end();
    response.writeHead(206, { 'content-length': 10 }).end(new Uint8Array(10));
  };
  await serving(lying, async (url) => expect(await new Files([httpArtifacts(url)]).check(digest)).toBe('damaged'));
});

test.each<[string, Answer]>([
  [
    'answers no ranges',
    ({ method }, response) =>
      void response.writeHead(200, { 'content-length': 10 }).end(method === 'HEAD' ? '' : 'x'.repeat(10)),
  ],
  ['fails', (_, response) => void response.writeHead(500).end()],
  ['says no length', (_, response) => void response.writeHead(200, { 'transfer-encoding': 'chunked' }).end()],
  [
    'sends more than was asked for',
    ({ method }, response) =>
      void response
        .writeHead(method === 'HEAD' ? 200 : 206, { 'content-length': method === 'HEAD' ? 10 : 20 })
        .end(method === 'HEAD' ? '' : 'x'.repeat(20)),
  ],
  ['hangs up', ({ socket }) => void socket.destroy()],
])('a server that %s is named, and nothing is taken from it', async (_, answer) => {
  await serving(answer, async (url) => {
    const error = await rejected(new Files([httpArtifacts(url)]).check(digest));
    expect(error.code).toBe('ARTIFACTS_UNAVAILABLE');
    expect(error.message).toContain(url.origin);
  });
});
