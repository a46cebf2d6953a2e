import { type Client, type ClientReadableStream, makeClientConstructor, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { service } from 'grpc-health-check';
import type { Database } from '../../../coordinator/db/connect.ts';
import { pinnedCredentials } from '../../../worker/session/pin.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';
import { WireWorld } from './world.ts';

interface HealthClient extends Client {
  check(
    request: { service: string },
    done: (error: { code: number } | null, answer?: { status: string }) => void,
  ): void;
  watch(request: { service: string }): ClientReadableStream<{ status: string }>;
}

const Health = makeClientConstructor(service, 'Health');

let postgres: TestPostgres;
let db: Database;
let world: WireWorld;
let client: HealthClient;

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
});
afterAll(async () => {
  await db.destroy();
  await postgres.stop();
});
beforeEach(async () => {
  world = await WireWorld.start(db);
  client = await dial();
});
afterEach(async () => {
  client.close();
  await world.stop();
});

async function dial(): Promise<HealthClient> {
  const { target, pin } = world.identity();
  const options = { 'grpc.ssl_target_name_override': 'coordinator', 'grpc.enable_http_proxy': 0 };
  return new Health(target, await pinnedCredentials(target, pin), options) as unknown as HealthClient;
}

function check(name: string): Promise<string> {
  return new Promise((resolve) => {
    client.check({ service: name }, (error, answer) => {
      resolve(error === null ? (answer?.status ?? 'nothing') : (status[error.code] ?? 'unknown'));
    });
  });
}

/** A watch, and all it says until it ends. */
function watch(name: string) {
  const said: string[] = [];
  const call = client.watch({ service: name });
  call.on('data', (answer: { status: string }) => said.push(answer.status));
  call.on('error', (error: Error & { code: number }) => said.push(status[error.code] ?? 'unknown'));
  call.on('end', () => said.push('end'));
  return { said, cancel: () => call.cancel() };
}

test('health is told without a login, as it was last found, of the server and of each service', async () => {
  expect(await check('')).toBe('NOT_SERVING');
  world.fleet.healthy(true);
  expect(await check('')).toBe('SERVING');
  expect(await check('syndic.v1.TaskService')).toBe('SERVING');
  world.fleet.healthy(false);
  expect(await check('')).toBe('NOT_SERVING');
  expect(await check('syndic.v1.Nothing')).toBe('NOT_FOUND');
});

test('who watches health hears of every change, and at the end that the server closes', async () => {
  const { said } = watch('');
  await until(() => said.length === 1);
  world.fleet.healthy(true);
  await until(() => said.length === 2);
  await world.fleet.close(600);
  await until(() => said.includes('end'));
  expect(said).toEqual(['NOT_SERVING', 'SERVING', 'NOT_SERVING', 'end']);
});

test('watches of health are bounded, what no service is holds none, and one that ends makes room', async () => {
  const unknown = watch('a name that somebody thought of');
  await until(() => unknown.said.includes('end'));
  expect(unknown.said).toEqual(['SERVICE_UNKNOWN', 'end']);
  const held = Array.from({ length: 32 }, () => watch(''));
  await until(() => held.every(({ said }) => said.length === 1));
  const over = watch('');
  await until(() => over.said.length > 0);
  expect(over.said[0]).toBe('RESOURCE_EXHAUSTED');
  // Asking once is still answered.
  expect(await check('')).toBe('NOT_SERVING');
  held[0]?.cancel();
  await until(async () => {
    const again = watch('');
    await until(() => again.said.length > 0);
    return again.said[0] === 'NOT_SERVING';
  });
});
