import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Listener, listen } from '../../../telemetry/listener.ts';

let listener: Listener;
beforeAll(async () => {
  const failing = async () => Promise.reject(new Error('no page'));
  const page = async () => ({ type: 'text/plain', body: 'a page' });
  listener = await listen({ host: '127.0.0.1', port: 0 }, { '/metrics': page, '/failing': failing });
});
afterAll(async () => await listener.close());

test('answers to GET on the paths that it has, and to nothing else', async () => {
  const status = async (path: string, method = 'GET') => (await fetch(`${listener.url}${path}`, { method })).status;
  const found = await fetch(`${listener.url}/metrics?x=1`);
  expect([found.status, await found.text()]).toEqual([200, 'a page']);
  expect(found.headers.get('cache-control')).toBe('no-store');
  expect(await status('/')).toBe(404);
  expect(await status('/__proto__')).toBe(404);
  expect(await status('/metrics', 'POST')).toBe(405);
  await expect(status('/failing')).rejects.toThrow();
  // It outlives that.
  expect(await status('/metrics')).toBe(200);
});

test('says so when it cannot listen where it is told to', async () => {
  const port = Number(new URL(listener.url).port);
  await expect(listen({ host: '127.0.0.1', port }, {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
