import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../coordinator/db/connect.ts';
import { sign } from '../../../core/statements/sign.ts';
import { digest, instant } from '../../../core/values.ts';
import { fromGrpcError } from '../../../proto/errors.ts';
import type { HelloRequest } from '../../../proto/generated/syndic/v1/HelloRequest.ts';
import type { HelloResponse__Output } from '../../../proto/generated/syndic/v1/HelloResponse.ts';
import type { LoginRequest } from '../../../proto/generated/syndic/v1/LoginRequest.ts';
import type { LoginResponse__Output } from '../../../proto/generated/syndic/v1/LoginResponse.ts';
import { loadWire } from '../../../proto/load.ts';
import { pinnedCredentials } from '../../../worker/session/pin.ts';
import type { Session } from '../../../worker/session/port.ts';
import { testDatabase } from '../../support/database.ts';
import { issuedCertificate } from '../../support/issuedCertificate.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { type Member, person, randomDigest } from '../../support/testConsortium.ts';
import { collect, WireWorld } from './world.ts';

let postgres: TestPostgres;
let db: Database;
let world: WireWorld;
let member: Member;

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
  [member] = world.consortium.members;
});
afterEach(() => world.stop());

/** An address is no name to ask for; the session does the same. */
const NAMED = { 'grpc.ssl_target_name_override': 'coordinator' };
const forever = new AbortController().signal;

/** The first thing that a worker would do: resolves once it got through. */
async function getThrough(session: Session): Promise<void> {
  await collect(session.download(world.consortium.plan.hash, 0, forever));
}

async function firstTask(session: Session): Promise<unknown> {
  for await (const task of session.tasks(forever)) return task;
  return null;
}

/** Nonces that the coordinator sent to this member: it heard a Hello. */
async function hellos({ address }: Member): Promise<number> {
  return (await db.selectFrom('nonces').select('nonce').where('key', '=', address).execute()).length;
}

describe('a worker talks to the coordinator that its invitation pins, and to nobody else', () => {
  test('a server with another key is refused before a byte is sent to it', async () => {
    const identity = { ...world.identity(), pin: randomDigest() };
    const session = world.dial(member, { identity });
    await expect(firstTask(session)).rejects.toMatchObject({ code: 'PIN_MISMATCH' });
    await expect(getThrough(session)).rejects.toMatchObject({ code: 'PIN_MISMATCH' });
    expect(await hellos(member)).toBe(0);
    expect(world.logged.filter(({ level }) => level === 'debug')).toEqual([]);
  });

  test('a server that changed its key after the certificate was looked at is refused by the connection itself', async () => {
    const { target, pin } = world.identity();
    const trusted = await pinnedCredentials(target, pin);
    await world.fleet.close(0);
    const impostor = await issuedCertificate('coordinator.example');
    await world.startFleet({ cert: impostor.cert, key: impostor.key });
    const client = new (loadWire().SessionService)(target, trusted, NAMED);
    const error = await new Promise((resolve) => client.hello(hello(), { deadline: Date.now() + 2000 }, resolve));
    client.close();
    expect(error).toMatchObject({ code: expect.any(Number) });
    expect(await hellos(member)).toBe(0);
  });

  test('a certificate that an authority issued does as well as one that signed itself, whatever name it has', async () => {
    const issued = await issuedCertificate('some.other.name');
    await world.fleet.close(0);
    await world.startFleet({ cert: issued.cert, key: issued.key });
    await getThrough(world.dial(member, { identity: { ...world.identity(), pin: issued.pin } }));
  });

  test('a certificate renewed under the same key is taken without a word', async () => {
    const issued = await issuedCertificate('coordinator.example');
    const renewed = await issued.renew();
    expect(renewed.cert).not.toBe(issued.cert);
    await world.fleet.close(0);
    await world.startFleet({ cert: issued.cert, key: issued.key });
    const session = world.dial(member, { identity: { ...world.identity(), pin: issued.pin } });
    await getThrough(session);
    await world.fleet.close(0);
    await world.startFleet({ cert: renewed.cert, key: renewed.key });
    await getThrough(session);
  });

  test('a coordinator that signs with a key other than the one on chain is refused, and gets no login', async () => {
    const session = world.dial(member, {}, { coordinatorKey: async () => person().address });
    await expect(firstTask(session)).rejects.toMatchObject({ code: 'COORDINATOR_UNTRUSTED' });
    await expect(getThrough(session)).rejects.toMatchObject({ code: 'COORDINATOR_UNTRUSTED' });
    expect(await world.kept(member)).toBe(0);
  });

  test("a coordinator of another account than the invitation's is refused", async () => {
    const identity = { ...world.identity(), coordinator: person().address };
    const session = world.dial(member, { identity });
    await expect(getThrough(session)).rejects.toMatchObject({ code: 'COORDINATOR_UNTRUSTED' });
  });

  test('a coordinator that is away is waited for', async () => {
    const { port } = world.fleet;
    await world.fleet.close(0);
    const through = getThrough(world.dial(member));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await world.startFleet({ port });
    await through;
  });
});

describe('the coordinator lets in members that the chain lists, and nobody else', () => {
  test('a key that is not the current one of its slot', async () => {
    const stranger = { ...member, ...person() };
    const session = world.dial(stranger);
    await expect(firstTask(session)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    expect(await hellos(stranger)).toBe(0);
  });

  test("another member's slot", async () => {
    const [one, two] = world.consortium.members;
    await expect(getThrough(world.dial({ ...one, slot: two.slot }))).rejects.toMatchObject({ code: 'KEY_INVALID' });
  });

  test('a member that is suspended', async () => {
    const { chain } = world.consortium;
    const listed = chain.members.get(member.slot);
    if (listed !== undefined) chain.members.set(member.slot, { ...listed, active: false });
    await expect(getThrough(world.dial(member))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('a member that is suspended while it is logged in', async () => {
    const { consortium } = world;
    const session = world.dial(member);
    await getThrough(session);
    const listed = consortium.chain.members.get(member.slot);
    if (listed !== undefined) consortium.chain.members.set(member.slot, { ...listed, active: false });
    consortium.now = instant(consortium.now + 60);
    await expect(getThrough(session)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('more sessions than it may have', async () => {
    await world.fleet.close(0);
    await db.deleteFrom('sessions').execute();
    await world.startFleet({ maxSessions: 1 });
    const [one, two] = world.consortium.members;
    const first = world.dial(one);
    await getThrough(first);
    const aborted = new AbortController();
    const second = collect(world.dial(two).download(world.consortium.plan.hash, 0, aborted.signal));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await world.kept(two)).toBe(0);
    await first.close();
    await second;
  });
});

function hello(more: HelloRequest = {}): HelloRequest {
  const { address, slot } = member;
  return { versions: ['1'], software: 'test', capabilities: [], slot, key: address, nonce: randomBytes(32), ...more };
}

/** A client that knows the wire and nothing of sessions. */
async function rawClient() {
  const { target, pin } = world.identity();
  const trusted = await pinnedCredentials(target, pin);
  const client = new (loadWire().SessionService)(target, trusted, NAMED);
  return {
    hello: (request: HelloRequest) =>
      new Promise<HelloResponse__Output>((resolve, reject) => {
        client.hello(request, (error, answer) =>
          answer === undefined ? reject(fromGrpcError(error)) : resolve(answer),
        );
      }),
    login: (request: LoginRequest) =>
      new Promise<LoginResponse__Output>((resolve, reject) => {
        client.login(request, (error, answer) =>
          answer === undefined ? reject(fromGrpcError(error)) : resolve(answer),
        );
      }),
    close: () => client.close(),
  };
}

describe('a login', () => {
  /** What an honest worker signs, or something else. */
  async function attempt(change: { nonce?: Buffer; expires?: number; key?: `0x${string}` } = {}) {
    const client = await rawClient();
    try {
      const answer = await client.hello(hello());
      const nonce = change.nonce ?? answer.nonce;
      const expires = change.expires ?? Number(answer.expires);
      const message = {
        from: member.address,
        to: world.consortium.coordinator.address,
        nonce: digest(`0x${nonce.toString('hex')}`),
        expires,
      };
      const signature = sign(change.key ?? member.key, world.consortium.domain, 'Login', message);
      const request = { nonce, expires, signature: Buffer.from(signature.slice(2), 'hex') };
      const first = await client.login(request);
      return { first, again: () => rawAgain(request) };
    } finally {
      client.close();
    }
  }

  async function rawAgain(request: LoginRequest) {
    const client = await rawClient();
    try {
      return await client.login(request);
    } finally {
      client.close();
    }
  }

  test('gives a token of 32 random bytes, of which the coordinator keeps the hash alone', async () => {
    const { first } = await attempt();
    expect(first.token).toMatch(/^[0-9a-f]{64}$/);
    expect(first).toMatchObject({ heartbeatSeconds: 1, maxChunkBytes: 256 * 1024 });
    const sessions = await db.selectFrom('sessions').selectAll().where('key', '=', member.address).execute();
    expect(sessions).toHaveLength(1);
    expect(JSON.stringify(sessions)).not.toContain(first.token);
  });

  test('works once a nonce', async () => {
    const { again } = await attempt();
    await expect(again()).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
  });

  test('needs a nonce that the coordinator sent', async () => {
    await expect(attempt({ nonce: randomBytes(32) })).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
  });

  test('needs the key that said Hello', async () => {
    await expect(attempt({ key: person().key })).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  test('is good no longer than the coordinator said', async () => {
    const expires = world.consortium.now + 1_000_000;
    await expect(attempt({ expires })).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    await expect(attempt({ expires: world.consortium.now })).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  test('comes too late after a minute', async () => {
    const client = await rawClient();
    const answer = await client.hello(hello());
    world.consortium.now = instant(world.consortium.now + 61);
    const request = { nonce: answer.nonce, expires: answer.expires, signature: randomBytes(65) };
    await expect(client.login(request)).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    client.close();
  });

  test.each([
    ['versions that nobody speaks', { versions: ['7'] }, 'VERSION_UNSUPPORTED'],
    ['a nonce that is too short', { nonce: randomBytes(16) }, 'DOCUMENT_INVALID'],
    ['a key that is none', { key: '0x12' }, 'DOCUMENT_INVALID'],
    ['slot 0', { slot: 0 }, 'DOCUMENT_INVALID'],
  ] as const)('is not begun with %s', async (_what, more, code) => {
    const client = await rawClient();
    await expect(client.hello(hello(more as HelloRequest))).rejects.toMatchObject({ code });
    client.close();
  });

  test('tolerates fields that this version does not know', async () => {
    const { target, pin } = world.identity();
    const { path, requestSerialize, responseDeserialize } = loadWire().SessionService.service.Hello;
    const client = new Client(target, await pinnedCredentials(target, pin), NAMED);
    // Field 999, a string of two letters, after those of the request.
    const serialize = (request: HelloRequest) =>
      Buffer.concat([requestSerialize(request), Buffer.from([0xba, 0x3e, 2, 0x68, 0x69])]);
    const answer = await new Promise<HelloResponse__Output>((resolve, reject) => {
      client.makeUnaryRequest(path, serialize, responseDeserialize, hello(), (error, value) =>
        value === undefined ? reject(error) : resolve(value),
      );
    });
    client.close();
    expect(answer.version).toBe('1');
  });
});

describe('the listener', () => {
  test('answers no call without a session', async () => {
    const { target, pin } = world.identity();
    const client = new (loadWire().TaskService)(target, await pinnedCredentials(target, pin), NAMED);
    const unknown = new Metadata();
    unknown.set('syndic-session', '00'.repeat(32));
    for (const metadata of [new Metadata(), unknown]) {
      const error = await new Promise<ServiceError | null>((resolve) => client.heartbeat({}, metadata, resolve));
      expect(fromGrpcError(error)).toMatchObject({ code: 'SESSION_EXPIRED' });
    }
    client.close();
  });

  test('speaks no plaintext', async () => {
    const client = new (loadWire().SessionService)(`127.0.0.1:${world.fleet.port}`, credentials.createInsecure());
    const error = await new Promise<unknown>((resolve) =>
      client.hello(hello(), { deadline: Date.now() + 60_000 }, resolve),
    );
    client.close();
    expect(error).toMatchObject({ code: 14 });
    expect(await hellos(member)).toBe(0);
  });

  test('speaks TLS 1.3 and nothing older', async () => {
    const options = { port: world.fleet.port, host: '127.0.0.1', rejectUnauthorized: false };
    const old = connectTls({ ...options, maxVersion: 'TLSv1.2' });
    const [error] = await once(old, 'error');
    expect(String(error)).toMatch(/protocol version/);
    const now = connectTls(options);
    await once(now, 'secureConnect');
    expect(now.getProtocol()).toBe('TLSv1.3');
    now.destroy();
  });

  test('opens its flow control windows, so that distance does not throttle uploads', async () => {
    const session = connectHttp2(`https://127.0.0.1:${world.fleet.port}`, { rejectUnauthorized: false });
    const [settings] = await once(session, 'remoteSettings');
    expect(settings.initialWindowSize).toBe(4 * 1024 * 1024);
    const ping = () => new Promise((resolve) => session.ping(resolve));
    await ping();
    expect(session.state.remoteWindowSize).toBeGreaterThanOrEqual(4 * 1024 * 1024);
    session.close();
    await once(session, 'close');
  });
});
