import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../coordinator/db/connect.ts';
import { codes, type ErrorCode } from '../../../core/errors/codes.ts';
import { status } from '../../../core/errors/grpcStatus.ts';
import { decodeReceipt } from '../../../core/statements/documents.ts';
import { domain } from '../../../core/statements/types.ts';
import { WireWorld } from '../../integration/wire/world.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import {
  type Member,
  person,
  ROUND,
  randomDigest,
  type SentUpdate,
  TestConsortium,
} from '../../support/testConsortium.ts';
import { updateRefusals } from '../../support/updateRefusals.ts';
import { fieldsOf, message, varint } from './protobuf.ts';
import { frame, type RawAnswer, type RawCall, RawClient } from './RawClient.ts';
import { chunk, RawMember, sendChunks } from './RawMember.ts';

/** Bytes of a chunk that this coordinator takes. */
const MOST = 4096;
const UPLOAD = 'TransferService/Upload';

let postgres: TestPostgres;
let db: Database;
let world: WireWorld;
let client: RawClient;
let member: Member;
let raw: RawMember;
let token: string;
let before: Awaited<ReturnType<WireWorld['snapshot']>>;
/** Refusals on record before. */
let refusals: number;

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
  world = await WireWorld.start(db, 2000);
  await world.fleet.close(0);
  await world.startFleet({ maxChunkBytes: MOST });
  client = await RawClient.connect(world.fleet.port);
  [member] = world.consortium.members;
  raw = new RawMember(client, member, world.consortium);
  token = await raw.logIn();
});

beforeEach(async () => {
  before = await world.snapshot();
  refusals = (await refused()).length;
});

/** The round as if nothing had been sent; what was accepted stays in the store. */
afterEach(async () => {
  await db.deleteFrom('uploads').execute();
  for (const { id, ...task } of before.tasks) await db.updateTable('tasks').set(task).where('id', '=', id).execute();
});

afterAll(async () => {
  client?.close();
  await world?.stop();
  await db?.destroy();
  await postgres?.stop();
});

function expectRefused(answer: RawAnswer, code: ErrorCode): void {
  expect({ status: answer.status, code: answer.code }).toEqual({ status: codes[code].grpc, code });
  expect(answer.text).not.toBe('');
  expect(answer.messages).toEqual([]);
}

async function refused() {
  return (await world.events()).filter(({ type }) => type === 'update.refused');
}

/** On record as one event, and nothing else is left of it. The same refusal is put on record once. */
async function expectOnlyAnEvent(answer: RawAnswer, code: ErrorCode): Promise<void> {
  expect(await world.snapshot()).toEqual(before);
  const data = { task: member.task, code, message: answer.text };
  const all = await refused();
  expect(all).toContainEqual({ type: 'update.refused', slot: member.slot, round: ROUND, data });
  expect(all.length - refusals).toBeLessThanOrEqual(1);
}

/** The same member, on the same connection, sends a good update: it gets its receipt, and nothing else is left. */
async function expectNextIsAccepted(): Promise<void> {
  const sent = world.consortium.update(member);
  const { status: answered, text, messages } = await raw.upload(token, sent, {}, 1000);
  expect({ answered, text }).toEqual({ answered: status.OK, text: 'OK' });
  const { message: receipt } = decodeReceipt(fieldsOf(messages[0] ?? Buffer.alloc(0)).get(1) as Buffer);
  expect(receipt).toMatchObject({ update: sent.update, round: ROUND, slot: member.slot });
  const { temporaries, uploads, tasks } = await world.snapshot();
  expect(temporaries).toEqual([]);
  expect(uploads).toMatchObject([{ task: member.task, update: sent.update, state: 'accepted' }]);
  expect(tasks.find(({ id }) => id === member.task)).toMatchObject({ state: 'accepted', update: sent.update });
}

describe('an update sent as frames is refused with its code, and the next good one of the member accepted, when it has', () => {
  test.each(updateRefusals.map((refusal) => [refusal.what, refusal.code, refusal] as const))(
    '%s (%s)',
    async (_what, code, { make, repair, length }) => {
      const sent = make(world.consortium, member);
      const announced = length?.(sent.file);
      const answer = await raw.upload(token, sent, announced === undefined ? {} : { length: announced }, 1000);
      repair?.(world.consortium, member);
      expectRefused(answer, code);
      await expectOnlyAnEvent(answer, code);
      await expectNextIsAccepted();
    },
  );

  test('one byte over its length, at that byte', async () => {
    const sent = world.consortium.update(member);
    const call = client.call(UPLOAD, token);
    await call.send(frame(raw.begin(sent)));
    await sendChunks(call, sent.file, 0, sent.file.length, 1000);
    await call.send(frame(chunk(Uint8Array.of(0), sent.file.length)));
    // The call is not ended: the refusal does not wait for that.
    const answer = await call.over;
    expectRefused(answer, 'LENGTH_MISMATCH');
    await expectOnlyAnEvent(answer, 'LENGTH_MISMATCH');
    await expectNextIsAccepted();
  });

  test('come after another, different one for the round; the first keeps its receipt', async () => {
    const first = world.consortium.update(member);
    const receipt = (await raw.upload(token, first, {}, 1000)).messages[0];
    expectRefused(await raw.upload(token, world.consortium.update(member), {}, 1000), 'UPDATE_CONFLICT');
    expect((await raw.upload(token, first, {}, 1000)).messages).toEqual([receipt]);
    const { uploads, temporaries } = await world.snapshot();
    expect(uploads).toMatchObject([{ update: first.update, state: 'accepted' }]);
    expect(temporaries).toEqual([]);
  });
});

describe('what was said elsewhere and is said again is refused:', () => {
  /** Another consortium with the same member in it, as far as a key goes. */
  function elsewhere(): { consortium: TestConsortium; twin: Member } {
    const consortium = new TestConsortium(2000);
    const [theirs] = consortium.members;
    return { consortium, twin: { ...theirs, key: member.key, address: member.address, task: member.task } };
  }

  const replays: readonly [what: string, code: ErrorCode, make: () => SentUpdate][] = [
    [
      "another study's update",
      'WRONG_STUDY',
      () => {
        const { consortium, twin } = elsewhere();
        return consortium.update(twin);
      },
    ],
    [
      'the update of another chain, in which everything else is the same',
      'SIGNATURE_INVALID',
      () => world.consortium.update(member, { domain: domain(99, world.consortium.chain.contracts.ledger) }),
    ],
    [
      "the last round's update",
      'ROUND_NOT_OPEN',
      () => world.consortium.update(member, { message: { round: ROUND - 1 }, report: { round: ROUND - 1 } }),
    ],
    [
      "the next round's update",
      'ROUND_NOT_OPEN',
      () => world.consortium.update(member, { message: { round: ROUND + 1 }, report: { round: ROUND + 1 } }),
    ],
    ["another member's update", 'WRONG_SLOT', () => world.consortium.update(world.consortium.members[1])],
    [
      "another update under this one's statement",
      'DIGEST_MISMATCH',
      () => ({ ...world.consortium.update(member), file: world.consortium.updateFile() }),
    ],
  ];

  test.each(replays)('%s (%s)', async (_what, code, make) => {
    const answer = await raw.upload(token, make(), {}, 1000);
    expectRefused(answer, code);
    await expectOnlyAnEvent(answer, code);
    await expectNextIsAccepted();
  });

  test('an update for a task of another member, as if there were no such task (TASK_UNKNOWN)', async () => {
    const [, other] = world.consortium.members;
    for (const task of [other.task, 'no such task']) {
      expectRefused(await raw.upload(token, world.consortium.update(member), { task }, 1000), 'TASK_UNKNOWN');
    }
    expect(await world.snapshot()).toEqual(before);
    await expectNextIsAccepted();
  });

  test('a login (SESSION_EXPIRED)', async () => {
    const request = await raw.loginRequest();
    expect((await raw.login(request)).status).toBe(status.OK);
    expectRefused(await raw.login(request), 'SESSION_EXPIRED');
  });

  test('a login to another coordinator, or of another chain or ledger (SIGNATURE_INVALID)', async () => {
    const { chainId, contracts } = world.consortium.chain;
    for (const change of [
      { to: person().address },
      { domain: domain(chainId + 1, contracts.ledger) },
      { domain: domain(chainId, contracts.consortium) },
    ]) {
      expectRefused(await raw.login(await raw.loginRequest(change)), 'SIGNATURE_INVALID');
    }
  });

  test('a session that is over, and one that never was (SESSION_EXPIRED)', async () => {
    const over = await raw.logIn();
    expect((await client.unary('SessionService/Logout', message(), over)).status).toBe(status.OK);
    const then = await world.snapshot();
    for (const replayed of [over, randomDigest().slice(2)]) {
      expectRefused(await raw.upload(replayed, world.consortium.update(member), {}, 1000), 'SESSION_EXPIRED');
    }
    expect(await world.snapshot()).toEqual(then);
    expect(await refused()).toHaveLength(refusals);
  });
});

describe('frames that no worker would send are refused, and the next good update of the member accepted:', () => {
  type Say = (call: RawCall, sent: SentUpdate) => Promise<void>;
  const ended =
    (say: Say): Say =>
    async (call, sent) => {
      await say(call, sent);
      call.end();
    };
  /** After `begin` and the first thousand bytes. */
  const begun =
    (say: Say): Say =>
    async (call, sent) => {
      await call.send(frame(raw.begin(sent)));
      await sendChunks(call, sent.file, 0, 1000, 500);
      await say(call, sent);
    };

  const nothingBegun: readonly [what: string, code: ErrorCode, say: Say][] = [
    ['nothing at all', 'USAGE', ended(async () => undefined)],
    ['a chunk before `begin`', 'USAGE', (call, { file }) => call.send(frame(chunk(file.subarray(0, 50), 0)))],
    ['an empty message', 'USAGE', (call) => call.send(frame(message()))],
    ['half of a length prefix', 'USAGE', ended((call) => call.send(Buffer.alloc(3)))],
    ['half of a message', 'USAGE', ended((call, sent) => call.send(frame(raw.begin(sent)).subarray(0, 100)))],
    ['bytes that are no protobuf', 'DOCUMENT_INVALID', (call) => call.send(frame(Buffer.alloc(20, 0xff)))],
    [
      'a field that is longer than its message',
      'DOCUMENT_INVALID',
      (call) => call.send(frame(Buffer.concat([varint((1 << 3) | 2), varint(1 << 20)]))),
    ],
    [
      'an offset past 2^53',
      'DOCUMENT_INVALID',
      (call, sent) => call.send(frame(raw.begin(sent, { offset: 2n ** 63n }))),
    ],
    [
      'a length past 2^53',
      'DOCUMENT_INVALID',
      (call, sent) => call.send(frame(raw.begin(sent, { length: 2n ** 64n - 1n }))),
    ],
  ];

  test.each(nothingBegun)('%s (%s)', async (_what, code, say) => {
    const call = client.call(UPLOAD, token);
    await say(call, world.consortium.update(member));
    expectRefused(await call.over, code);
    expect(await world.snapshot()).toEqual(before);
    expect(await refused()).toHaveLength(refusals);
    await expectNextIsAccepted();
  });

  const underWay: readonly [what: string, code: ErrorCode, say: Say][] = [
    ['`begin` again', 'USAGE', begun((call, sent) => call.send(frame(raw.begin(sent))))],
    [
      'a chunk that is too long',
      'TOO_LARGE',
      begun((call, { file }) => call.send(frame(chunk(file.subarray(1000, 1000 + MOST + 1), 1000)))),
    ],
    [
      'a chunk after a gap',
      'CHUNK_OUT_OF_ORDER',
      begun((call, { file }) => call.send(frame(chunk(file.subarray(1001, 1500), 1001)))),
    ],
    [
      'a chunk that overlaps',
      'CHUNK_OUT_OF_ORDER',
      begun((call, { file }) => call.send(frame(chunk(file.subarray(999, 1500), 999)))),
    ],
    [
      'a chunk twice',
      'CHUNK_OUT_OF_ORDER',
      begun((call, { file }) => call.send(frame(chunk(file.subarray(500, 1000), 500)))),
    ],
    [
      'two chunks in the wrong order',
      'CHUNK_OUT_OF_ORDER',
      begun(async (call, { file }) => {
        await call.send(frame(chunk(file.subarray(1500, 2000), 1500)));
        await call.send(frame(chunk(file.subarray(1000, 1500), 1000)));
      }),
    ],
    ['an end before all bytes were sent', 'CHUNK_OUT_OF_ORDER', begun(ended(async () => undefined))],
    [
      'an end in the middle of a message',
      'CHUNK_OUT_OF_ORDER',
      begun(ended((call, { file }) => call.send(frame(chunk(file.subarray(1000, 1500), 1000)).subarray(0, 200)))),
    ],
  ];

  test.each(underWay)('%s (%s)', async (_what, code, say) => {
    const sent = world.consortium.update(member);
    const call = client.call(UPLOAD, token);
    await say(call, sent);
    expectRefused(await call.over, code);
    expect(await raw.held(token, sent)).toBe(1000);
    expect({ ...(await world.snapshot()), uploads: [], temporaries: [] }).toEqual(before);
    await expectNextIsAccepted();
  });

  /** What gRPC itself refuses, before any of ours is asked; the worker's side gives these statuses the code that fits. */
  const refusedByGrpc: readonly [what: string, status: number, headers: Record<string, string>, say: Say][] = [
    ['a message over the limit', status.RESOURCE_EXHAUSTED, {}, (call) => call.send(frame(message(), { length: 5e6 }))],
    [
      'a message of 4 GiB',
      status.RESOURCE_EXHAUSTED,
      {},
      (call) => call.send(frame(message(), { length: 0xffff_ffff })),
    ],
    [
      'a message compressed in a way that nobody knows',
      status.UNIMPLEMENTED,
      { 'grpc-encoding': 'snappy' },
      (call, sent) => call.send(frame(raw.begin(sent), { flag: 1 })),
    ],
    [
      'a message that says it is compressed and is not',
      status.INTERNAL,
      { 'grpc-encoding': 'gzip' },
      (call, sent) => call.send(frame(raw.begin(sent), { flag: 1 })),
    ],
    ['a deadline that is no time', status.INTERNAL, { 'grpc-timeout': 'soon' }, async () => undefined],
    [
      'a method that there is not',
      status.UNIMPLEMENTED,
      { ':path': '/syndic.v1.TransferService/Sign' },
      async () => undefined,
    ],
  ];

  test.each(refusedByGrpc)('%s (gRPC status %i)', async (_what, want, headers, say) => {
    const call = client.call(UPLOAD, token, headers);
    await say(call, world.consortium.update(member));
    expect(await call.over).toMatchObject({ status: want, messages: [] });
    expect(await world.snapshot()).toEqual(before);
    await expectNextIsAccepted();
  });

  test('a call that is not gRPC (HTTP 415)', async () => {
    const answer = await client.call(UPLOAD, token, { 'content-type': 'application/json' }).over;
    expect(answer).toMatchObject({ http: 415, messages: [] });
    await expectNextIsAccepted();
  });

  test('a call that is reset in the middle: it goes on where it stopped', async () => {
    const sent = world.consortium.update(member);
    const call = client.call(UPLOAD, token);
    await begun(async () => undefined)(call, sent);
    call.reset();
    expect((await call.over).status).toBeNull();
    const held = await raw.held(token, sent);
    expect((await raw.upload(token, sent, { offset: held }, 1000)).status).toBe(status.OK);
    expect((await world.snapshot()).temporaries).toEqual([]);
  });
});
