import { Client, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Database } from '../../../coordinator/db/connect.ts';
import { pinnedCredentials } from '../../../worker/session/pin.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { tensor } from '../../support/testConsortium.ts';
import { until } from '../../support/until.ts';
import { WireWorld } from './world.ts';

// On a machine that is busy with other tests.
let postgres: TestPostgres;
let db: Database;
let world: WireWorld;

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
  world = await WireWorld.start(db);
});
afterAll(async () => {
  await world.stop();
  await db.destroy();
  await postgres.stop();
});

test('each call is told once, refused ones by their code, and what no method is not at all', async () => {
  const ended: [string, string | null][] = [];
  const calls = { callEnded: (method: string, code: string | null) => void ended.push([method, code]) };
  await world.fleet.close(1);
  await world.startFleet({}, { calls });
  const [member] = world.consortium.members;
  const session = world.dial(member);
  const bad = world.consortium.update(member, {
    file: world.consortium.updateFile([tensor('logit/bias', 1, Number.NaN), tensor('logit/kernel', 2)]),
  });
  const stop = AbortSignal.timeout(300_000);
  await expect(session.upload(world.outgoing(member, bad), stop)).rejects.toMatchObject({ code: 'NOT_FINITE' });
  await session.upload(world.outgoing(member, world.consortium.update(member)), stop);
  await expect(call('/syndic.v1.TaskService/Anything')).resolves.toBe(status.UNIMPLEMENTED);
  await expect(call('/syndic.v1.TaskService/Heartbeat')).resolves.toBe(status.UNAUTHENTICATED);
  await until(() => ended.length >= 7);
  const of = (method: string) => ended.filter(([name]) => name === method).map(([, code]) => code);
  expect(of('TransferService/Upload')).toEqual(['NOT_FINITE', null]);
  expect(of('SessionService/Hello')).toEqual([null]);
  expect(of('TransferService/UploadState')).toEqual([null, null]);
  expect(of('TaskService/Heartbeat')).toEqual(['SESSION_EXPIRED']);
  expect(new Set(ended.map(([method]) => method)).size).toBe(5);
});

/** A call without a session. @returns its gRPC status */
async function call(path: string): Promise<number> {
  const { target, pin } = world.identity();
  const options = { 'grpc.ssl_target_name_override': 'coordinator', 'grpc.enable_http_proxy': 0 };
  const client = new Client(target, await pinnedCredentials(target, pin), options);
  const bytes = (of: Buffer) => of;
  const answered = await new Promise<number>((resolve) => {
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), (error) => resolve(error?.code ?? status.OK));
  });
  client.close();
  return answered;
}
