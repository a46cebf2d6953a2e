import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { type Bundle, encodeBundle } from '../../audit/bundle.ts';
import { exportBundle } from '../../audit/exportBundle.ts';
import { connectRpc } from '../../audit/rpc.ts';
import type { Digest } from '../../core/values.ts';
import { fileName } from '../../core/values.ts';
import { filesOf } from '../integration/audit/reportOn.ts';
import { Scene } from '../integration/audit/Scene.ts';
import { startWorld, type World } from '../integration/chain/world.ts';
import { hasChromium, startChromium } from '../support/chromium.ts';
import { needs } from '../support/needs.ts';
import { type Asked, verifyAsked } from './verifyAsked.ts';

/** What the console's policy has to allow a worker that makes models anew: docs/verifying.md says so. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src *";
const STRICT = POLICY.replace(" 'wasm-unsafe-eval'", '');

const PAGE = '<!doctype html><meta charset="utf-8"><title>audit</title><script src="/page.js"></script>';
const PAGE_SCRIPT = `function ask(script, asked) {
  const worker = new Worker(script);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(asked);
  }).finally(() => worker.terminate());
}`;
const WORKER = `import { verifyAsked } from './verifyAsked.ts';
onmessage = async ({ data }) => postMessage(await verifyAsked(data));`;

async function bundledWorker(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: WORKER, resolveDir: import.meta.dirname, loader: 'ts' },
    ...{ bundle: true, minify: true, platform: 'browser', format: 'iife', write: false, logLevel: 'silent' },
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

needs('Chromium', hasChromium())('the verifier in a browser’s worker', () => {
  let world: World;
  let scene: Scene;
  let bundle: Bundle;
  let block: Digest;
  let script: Uint8Array;
  let browser: Browser;
  let server: Server;
  let home: string;
  /** By path. */
  const served = new Map<string, Uint8Array>();

  beforeAll(async () => {
    world = await startWorld({ members: 3 });
    scene = await new Scene(world).open();
    await scene.round();
    await scene.round({ absent: [2] });
    await scene.close();
    const chain = await connectRpc(world.rpcUrl);
    block = chain.block.hash;
    const { ledger, study } = scene;
    bundle = (await exportBundle(chain, 'ethereum', { ledger, study, artifacts: [filesOf(scene)] })).bundle;
    chain.close();
    script = await bundledWorker();
    for (const [digest, bytes] of scene.files) served.set(`/models/${fileName(digest)}`, bytes);
    const text = (of: string) => new TextEncoder().encode(of);
    for (const [path, bytes] of [
      ['/', text(PAGE)],
      ['/page.js', text(PAGE_SCRIPT)],
      ['/worker.js', script],
      ['/strict/worker.js', script],
    ] as const)
      served.set(path, bytes);
    server = createServer(({ url = '', method, headers }, response) => {
      const bytes = served.get(url);
      if (bytes === undefined) return void response.writeHead(404).end();
      response.setHeader('content-security-policy', url.startsWith('/strict/') ? STRICT : POLICY);
      response.setHeader(
        'content-type',
        url === '/' ? 'text/html' : url.endsWith('.js') ? 'text/javascript' : 'application/octet-stream',
      );
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
      const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
      const range = from === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${bytes.length}` };
      response.writeHead(from === undefined ? 200 : 206, { 'content-length': part.length, ...range });
      response.end(method === 'HEAD' ? undefined : part);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await world?.stop();
  });

  async function inWorker(asked: Asked, path = '/worker.js'): Promise<string> {
    const page = await browser.newPage();
    try {
      await page.goto(home);
      return await page.evaluate(`ask(${JSON.stringify(path)}, ${JSON.stringify(asked)})`);
    } finally {
      await page.close();
    }
  }

  /** Serves a bundle and asks for it in both places. */
  async function inBoth(of: Bundle, name: string): Promise<[worker: string, node: string]> {
    served.set(`/${name}`, encodeBundle(of));
    const asked = { models: `${home}/models`, bundle: `${home}/${name}`, block };
    return [await inWorker(asked), await verifyAsked(asked)];
  }

  test('reports of a bundle with its models beside it, byte for byte, what Node reports', async () => {
    const [worker, node] = await inBoth(bundle, 'honest');
    expect(worker).toBe(node);
    const report = JSON.parse(worker);
    expect(report.findings.map(({ code }: { code: string }) => code)).toEqual(['RECEIPT_BROKEN', 'NOT_FINAL']);
    // Both rounds' models were made anew, in WebAssembly.
    expect(report.unchecked).toEqual([]);
  });

  test('finds in a bundle that lacks a document what Node finds', async () => {
    const named = scene.rounds[0]?.statements[0] ?? block;
    const { [named]: _, ...documents } = bundle.documents;
    // Only the bundle has it: a copy elsewhere would be taken instead.
    const kept = served.get(`/models/${named.slice(2)}`);
    served.delete(`/models/${named.slice(2)}`);
    const [worker, node] = await inBoth({ ...bundle, documents }, 'document');
    if (kept !== undefined) served.set(`/models/${named.slice(2)}`, kept);
    expect(worker).toBe(node);
    expect(JSON.parse(worker).findings.map(({ code }: { code: string }) => code)).toContain('DOCUMENT_MISSING');
  });

  test.each<[string, string, (honest: Bundle) => Bundle]>([
    [
      'PROOF_INVALID',
      'a node of a proof is another',
      (honest) => ({ ...honest, nodes: honest.nodes.map((node) => `${node.slice(0, -2)}00`) }),
    ],
    ['DOCUMENT_INVALID', 'a field is of another type', (honest) => ({ ...honest, chainId: -1 })],
    ['DOCUMENT_INVALID', 'a field is not known', (honest) => ({ ...honest, verdict: 'fine' }) as Bundle],
  ])('refuses in the same words, %s, a bundle in which %s', async (code, what, change) => {
    const [worker, node] = await inBoth(change(bundle), what.replaceAll(' ', '-'));
    expect(worker).toBe(node);
    expect(JSON.parse(worker)).toMatchObject({ code });
  });

  test('reads a node’s chain over JSON-RPC as Node does', async () => {
    const { ledger, study } = scene;
    const asked = { models: `${home}/models`, rpc: world.rpcUrl, ledger, study };
    const worker = await inWorker(asked);
    expect(worker).toBe(await verifyAsked(asked));
    expect(JSON.parse(worker)).toMatchObject({ basis: { kind: 'node' }, unchecked: [] });
  });

  test('accuses nobody where its page’s policy lets no WebAssembly run', async () => {
    served.set('/honest', encodeBundle(bundle));
    const asked = { models: `${home}/models`, bundle: `${home}/honest`, block };
    expect(JSON.parse(await inWorker(asked, '/strict/worker.js')).thrown).toMatch(/^CompileError: /);
    expect(JSON.parse(await inWorker(asked)).thrown).toBeUndefined();
  });

  test('is less than 300 kB to load', () => {
    expect(gzipSync(script, { level: 9 }).length).toBeLessThan(300_000);
  });
});
