import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../coordinator/db/connect.ts';
import { codes } from '../../../core/errors/codes.ts';
import { status } from '../../../core/errors/grpcStatus.ts';
import { sha256 } from '../../../core/sha256.ts';
import { decodeReceipt } from '../../../core/statements/documents.ts';
import { collect, WireWorld } from '../../integration/wire/world.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import type { Member } from '../../support/testConsortium.ts';
import { until } from '../../support/until.ts';
import { frame, RawClient } from './RawClient.ts';
import { RawMember, sendChunks } from './RawMember.ts';

const forever = new AbortController().signal;

let postgres: TestPostgres;
let db: Database;
let world: WireWorld;
let member: Member;
let sockets: Socket[];
let clients: RawClient[];

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
});

beforeEach(async () => {
  world = await WireWorld.start(db);
  [member] = world.consortium.members;
  sockets = [];
  clients = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const client of clients) client.close();
  await world.stop();
});

afterAll(async () => {
  await db?.destroy();
  await postgres?.stop();
});

async function restart(options: Parameters<WireWorld['startFleet']>[0]): Promise<void> {
  await world.fleet.close(0);
  await world.startFleet(options);
}

/** Reads what comes, and so hears when it is cut. */
function keep<S extends Socket>(socket: S): S {
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

/** A connection on which nothing is said. */
async function silent(from = '127.0.0.1'): Promise<Socket> {
  const socket = keep(connect({ port: world.fleet.port, host: '127.0.0.1', localAddress: from }));
  await once(socket, 'connect');
  return socket;
}

/** A connection on which nothing is said but what TLS needs. */
async function encrypted(): Promise<Socket> {
  const options = { port: world.fleet.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] };
  const socket = keep(connectTls(options));
  // Whoever is one too many is cut in the middle of it.
  await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]).catch(() => undefined);
  return socket;
}

async function rawMember(): Promise<RawMember> {
  const client = await RawClient.connect(world.fleet.port);
  clients.push(client);
  return new RawMember(client, member, world.consortium);
}

/** A connection on which somebody says Hello in a member's name, and cannot log in. */
async function greeting(): Promise<RawMember> {
  const raw = await rawMember();
  await raw.hello();
  return raw;
}

/** What an honest worker does first. */
async function getThrough(): Promise<void> {
  const { hash } = world.consortium.plan;
  expect(sha256(await collect(world.dial(member).download(hash, 0, forever)))).toBe(hash);
}

const open = () => sockets.filter((socket) => !socket.destroyed).length;

describe('connections on which nobody logs in', () => {
  test('are cut after a while, whatever was said on them; one with a login stays', async () => {
    await restart({ loginSeconds: 10 });
    const tasks = world.dial(member).tasks(forever)[Symbol.asyncIterator]();
    world.offer(world.task(member));
    expect((await tasks.next()).value).toMatchObject({ id: member.task });
    const connections = world.relay.connections;
    const strangers = [await silent(), await encrypted(), (await greeting()).client.session];
    await until(() => strangers.every(({ destroyed }) => destroyed));
    world.offer(world.task(member, { id: 'next' }));
    expect((await tasks.next()).value).toMatchObject({ id: 'next' });
    expect(world.relay.connections).toBe(connections);
  });

  test('are cut when more comes than a login needs, however slowly it could be sent on', async () => {
    await restart({ loginSeconds: 600 });
    const { client } = await rawMember();
    const call = client.call('SessionService/Hello');
    // A message of 4 MiB, of which a part comes, which would be held until the rest is there.
    await call.send(frame(Buffer.alloc(128 * 1024), { length: 4 * 1024 * 1024 }));
    await until(() => client.session.destroyed);
    expect((await call.over).status).toBeNull();
    await getThrough();
  });

  test('push out those of the address that has the most of them, and no other', async () => {
    await restart({ maxStrangers: 8, loginSeconds: 600 });
    const lonely = await silent('127.0.0.1');
    for (let i = 0; i < 40; i++) await silent('127.0.0.2');
    await until(() => open() === 8);
    expect(lonely.destroyed).toBe(false);
  });

  test('by the thousand cost no more than a few hundred would, and keep no member out', async () => {
    await restart({ loginSeconds: 600 });
    for (let batch = 0; batch < 17; batch++) {
      await Promise.all(Array.from({ length: 100 }, () => silent()));
      // Answered in its turn, so those before it were taken: none waits in the kernel's queue, or fell out of it.
      await encrypted();
    }
    for (let batch = 0; batch < 14; batch++) await Promise.all(Array.from({ length: 20 }, encrypted));
    for (let i = 0; i < 20; i++) await greeting().catch(() => undefined);
    expect(sockets.length).toBeGreaterThanOrEqual(1980);
    await until(() => open() <= 512);
    await getThrough();
  });
});

test("Hellos in a member's name do not keep it out, and leave no more than a few hundred nonces", async () => {
  for (let connections = 0; connections < 6; connections++) {
    const raw = await rawMember();
    const answers = await Promise.all(Array.from({ length: 50 }, () => raw.hello()));
    expect(answers.filter((answer) => answer.status !== status.OK)).toEqual([]);
    raw.client.close();
  }
  const kept = await db.selectFrom('nonces').select('nonce').where('slot', '=', member.slot).execute();
  expect(kept.length).toBeLessThanOrEqual(256);
  await getThrough();
});

describe('an upload that stalls is given up (UPLOAD_STALLED), what came of it is kept, and a worker goes on with it:', () => {
  const stalls = [
    ['before it began', 0],
    ['in the middle', 100],
    ['in the middle of a message', 100],
    ['when all bytes were sent and only the end is missing', 1000],
  ] as const;

  test.each(stalls)('%s', async (what, most) => {
    await restart({ stallSeconds: 3 });
    const raw = await rawMember();
    const token = await raw.logIn();
    const sent = world.consortium.update(member);
    const bytes = Math.min(most, sent.file.length);
    const call = raw.client.call('TransferService/Upload', token);
    if (most > 0) await call.send(frame(raw.begin(sent)));
    await sendChunks(call, sent.file, 0, bytes);
    if (what === 'in the middle of a message') await call.send(frame(randomBytes(10), { length: 50 }));
    const { status: answered, code } = await call.over;
    expect({ answered, code }).toEqual({ answered: codes.UPLOAD_STALLED.grpc, code: 'UPLOAD_STALLED' });
    expect(await raw.held(token, sent)).toBe(bytes);
    expect(await world.held()).toBe(bytes);

    const receipt = await world.dial(member).upload(world.outgoing(member, sent), forever);
    expect(decodeReceipt(receipt).message.update).toBe(sent.update);
    expect((await world.snapshot()).temporaries).toEqual([]);
    expect((await world.events()).map(({ type }) => type)).toEqual(['update.accepted']);
  });
});
