// A container's health check: `node answers.js URL` succeeds when URL answers with 2xx, `node answers.js --rpc URL`
// when an Ethereum node answers there. Plain JavaScript, for the image of the chain has nothing else of Syndic.
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';

const SECONDS = 3;
const rpc = process.argv[2] === '--rpc';
const url = new URL(process.argv[rpc ? 3 : 2] ?? '');

/** @returns {Promise<{ status: number, text: string }>} */
function ask() {
  const { promise, resolve, reject } = Promise.withResolvers();
  const request = (url.protocol === 'https:' ? requestTls : requestPlain)(url, {
    method: rpc ? 'POST' : 'GET',
    headers: rpc ? { 'content-type': 'application/json' } : {},
    timeout: SECONDS * 1000,
    // It asks whether its own container is alive; it sends no secret and believes nothing else that it hears.
    rejectUnauthorized: false,
  });
  request.once('timeout', () => request.destroy(new Error(`no answer within ${SECONDS} s`)));
  request.once('error', reject);
  request.once('response', (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    response.once('error', reject).once('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  request.end(rpc ? JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }) : undefined);
  return promise;
}

const { status, text } = await ask();
if (status < 200 || status > 299 || (rpc && typeof JSON.parse(text).result !== 'string')) {
  throw new Error(`${url.origin} answers ${status}: ${text.slice(0, 500)}`);
}
