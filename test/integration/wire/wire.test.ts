import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../coordinator/db/connect.ts';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import { sha256 } from '../../../core/sha256.ts';
import { decodeReceipt } from '../../../core/statements/documents.ts';
import { digest } from '../../../core/values.ts';
import type { TaskOffer } from '../../../worker/session/port.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { type Member, randomDigest } from '../../support/testConsortium.ts';
import { until } from '../../support/until.ts';
import { collect, WireWorld } from './world.ts';

let postgres: TestPostgres;
let db: Database;
let world: WireWorld;
let member: Member;
let stop: AbortController;

beforeAll(async () => {
  postgres = await startPostgres();
  db = await testDatabase(postgres);
});
afterAll(async () => {
  await db.destroy();
  await postgres.stop();
});
beforeEach(async () => {
  world = await WireWorld.start(db, 600_000);
  [member] = world.consortium.members;
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await world.stop();
});

/** Follows tasks in the background. */
function follow(tasks: AsyncIterable<TaskOffer>) {
  const seen: TaskOffer[] = [];
  const over = (async () => {
    for await (const task of tasks) seen.push(task);
  })();
  over.catch(() => undefined);
  return { seen, over };
}

describe('tasks', () => {
  test('come as they are offered, those already open first, each with what the coordinator said', async () => {
    const [first, second] = [world.task(member), world.task(member, { id: 'second' })];
    world.offer(first);
    const { seen } = follow(world.dial(member).tasks(stop.signal));
    await until(() => seen.length === 1);
    world.offer(second);
    await until(() => seen.length === 2);
    expect(seen.map(({ cancelled: _, ...task }) => task)).toEqual([first, second]);
  });

  test("are the member's own", async () => {
    const [one, two] = world.consortium.members;
    world.offer(world.task(two));
    const { seen } = follow(world.dial(one).tasks(stop.signal));
    world.offer(world.task(one));
    await until(() => seen.length === 1);
    expect(seen[0]?.slot).toBe(1);
  });

  test('that are offered while others are looked up are not left until the next look', async () => {
    await world.fleet.close(0);
    await world.startFleet({ pollMilliseconds: 3_600_000 });
    world.studies.meanwhile = () => world.offer(world.task(member));
    const { seen } = follow(world.dial(member).tasks(stop.signal));
    await until(() => seen.length === 1, 60);
  });

  test('are cancelled when they are no longer open', async () => {
    world.offer(world.task(member));
    const { seen } = follow(world.dial(member).tasks(stop.signal));
    await until(() => seen.length === 1);
    await db.updateTable('tasks').set({ state: 'cancelled' }).where('id', '=', member.task).execute();
    world.studies.offered.clear();
    world.fleet.notify();
    await until(() => seen[0]?.cancelled.aborted === true);
  });

  test('are not cancelled because their update was accepted: the receipt may be on its way', async () => {
    world.offer(world.task(member));
    const { seen } = follow(world.dial(member).tasks(stop.signal));
    await until(() => seen.length === 1);
    const done = {
      state: 'accepted',
      update: randomDigest(),
      samples: 1,
      statement: '',
      report: '',
      receipt: '',
    } as const;
    await db.updateTable('tasks').set(done).where('id', '=', member.task).execute();
    world.studies.offered.clear();
    world.offer(world.task(member, { id: 'next' }));
    await until(() => seen.length === 2);
    expect(seen[0]?.cancelled.aborted).toBe(false);
  });

  test('go on after the line was cut, and none comes twice', async () => {
    world.offer(world.task(member));
    const { seen } = follow(world.dial(member).tasks(stop.signal));
    await until(() => seen.length === 1);
    world.relay.cut();
    world.offer(world.task(member, { id: 'next' }));
    await until(() => seen.length === 2);
    expect(seen.map(({ id }) => id)).toEqual([member.task, 'next']);
  });

  test('go on after the coordinator was restarted, and the session outlives it in the database', async () => {
    world.offer(world.task(member));
    const { seen } = follow(world.dial(member).tasks(stop.signal));
    await until(() => seen.length === 1);
    await world.fleet.close(0);
    await world.startFleet();
    world.offer(world.task(member, { id: 'next' }));
    await until(() => seen.length === 2);
  });

  test('do not hold up a coordinator that closes', async () => {
    const { seen } = follow(world.dial(member).tasks(stop.signal));
    world.offer(world.task(member));
    await until(() => seen.length === 1);
    const grace = 3600; // longer than a test may take
    await world.fleet.close(grace);
    await world.startFleet();
  });

  test('go on after the coordinator forgot the session: the worker logs in again', async () => {
    const { seen } = follow(world.dial(member).tasks(stop.signal));
    await until(async () => (await world.kept(member)) === 1);
    await db.deleteFrom('sessions').execute();
    world.offer(world.task(member));
    await until(() => seen.length === 1);
    expect(await world.kept(member)).toBe(1);
  });

  test('are offered again to a worker that was killed and started anew', async () => {
    world.offer(world.task(member));
    const first = follow(world.dial(member).tasks(stop.signal));
    await until(() => first.seen.length === 1);
    const second = follow(world.dial(member).tasks(stop.signal));
    await until(() => second.seen.length === 1);
  });

  test('end when the worker closes, which ends the session', async () => {
    const session = world.dial(member);
    const { over } = follow(session.tasks(stop.signal));
    await until(async () => (await world.kept(member)) === 1);
    await session.close();
    await over;
    expect(await world.kept(member)).toBe(0);
    const { state, lease_until } = await db
      .selectFrom('tasks')
      .selectAll()
      .where('id', '=', member.task)
      .executeTakeFirstOrThrow();
    expect({ state, lease_until }).toEqual({ state: 'offered', lease_until: null });
  });

  test('a fault in the coordinator is retried, and tells nothing of its inside', async () => {
    world.studies.failure = new Error('password of the database is hunter2');
    const warned: string[] = [];
    const log = {
      debug() {},
      info() {},
      warn: (facts: object, message: string) => warned.push(JSON.stringify(facts) + message),
    };
    const { seen } = follow(world.dial(member, {}, { log }).tasks(stop.signal));
    await until(() => warned.length > 0);
    world.studies.failure = null;
    world.offer(world.task(member));
    await until(() => seen.length === 1);
    expect(warned[0]).toContain('INTERNAL');
    expect(warned.join()).not.toContain('hunter2');
    expect(world.logged.some(({ facts }) => JSON.stringify(facts).includes('hunter2'))).toBe(true);
  });
});

describe('heartbeats', () => {
  test('tell how far each task is, on their own time, until it is over', async () => {
    const session = world.dial(member);
    follow(session.tasks(stop.signal));
    session.progress(member.task, { phase: 'training', done: 3, total: 10 });
    await until(() => world.studies.beats.length > 2);
    expect(world.studies.beats[0]).toEqual({
      slot: 1,
      tasks: [{ id: member.task, phase: 'training', done: 3, total: 10 }],
    });
    session.progress(member.task, null);
    const count = world.studies.beats.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(world.studies.beats.length).toBeLessThanOrEqual(count + 1);
  });

  test('cancel tasks that are no longer wanted', async () => {
    world.offer(world.task(member));
    const session = world.dial(member);
    const { seen } = follow(session.tasks(stop.signal));
    await until(() => seen.length === 1);
    world.studies.unwanted.set(member.task, 'the round was aborted');
    session.progress(member.task, { phase: 'training', done: 0, total: 0 });
    await until(() => seen[0]?.cancelled.aborted === true);
    expect(String(seen[0]?.cancelled.reason)).toContain('the round was aborted');
  });
});

test('a refusal reaches the studies with its code', async () => {
  await world.dial(member).refuse(member.task, 'POLICY_REFUSED', 'not with our data');
  expect(world.studies.refused).toEqual([
    { slot: 1, task: member.task, code: 'POLICY_REFUSED', message: 'not with our data' },
  ]);
});

describe('a download', () => {
  test('gives the bytes of plan and base model, also from an offset and at the very end', async () => {
    const session = world.dial(member);
    const { plan, base } = world.consortium;
    expect(sha256(await collect(session.download(plan.hash, 0, stop.signal)))).toBe(plan.hash);
    const model = await collect(session.download(base, 0, stop.signal));
    expect(sha256(model)).toBe(base);
    const tail = await collect(session.download(base, 2_000_001, stop.signal));
    expect(Buffer.compare(tail, model.subarray(2_000_001))).toBe(0);
    expect(await collect(session.download(base, model.length, stop.signal))).toHaveLength(0);
  });

  test('goes on where a broken line left it', async () => {
    const session = world.dial(member);
    const chunks: Uint8Array[] = [];
    for await (const chunk of session.download(world.consortium.base, 0, stop.signal)) {
      chunks.push(chunk);
      if (chunks.length === 3) world.relay.cut();
    }
    expect(sha256(Buffer.concat(chunks))).toBe(world.consortium.base);
    expect(world.relay.connections).toBeGreaterThan(2);
  });

  test('holds up no coordinator that closes, though its worker went silent in the middle', async () => {
    const session = world.dial(member, { windowBytes: 64 * 1024 });
    await session.download(world.consortium.base, 0, stop.signal)[Symbol.asyncIterator]().next();
    world.relay.freeze();
    await world.fleet.close(0.2);
    await world.startFleet();
    expect(sha256(await collect(world.dial(member).download(world.consortium.base, 0, stop.signal)))).toBe(
      world.consortium.base,
    );
  });

  test('is refused for what is no plan or model, for those of others, and for what is not in the store', async () => {
    const session = world.dial(member);
    const secret = randomBytes(100);
    const { digest: update } = await world.models.put([secret], 100);
    const of = (file: string) => collect(session.download(digest(file), 0, stop.signal));
    await expect(of(update)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(of(randomDigest())).rejects.toMatchObject({ code: 'NOT_FOUND' });

    await db.deleteFrom('tasks').where('id', '=', member.task).execute();
    expect(sha256(await of(world.consortium.plan.hash))).toBe(world.consortium.plan.hash);
    world.consortium.chain.grants.clear();
    await expect(of(world.consortium.plan.hash)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('an upload', () => {
  test('gives the receipt, and the same one when it is sent again', async () => {
    const session = world.dial(member);
    const sent = world.consortium.update(member);
    const receipt = await session.upload(world.outgoing(member, sent), stop.signal);
    expect(decodeReceipt(receipt).message.update).toBe(sent.update);
    expect(await session.upload(world.outgoing(member, sent), stop.signal)).toEqual(receipt);
    expect(await world.models.size(sent.update)).toBe(sent.file.length);
  });

  test('is sent once when it is asked for twice at a time', async () => {
    const session = world.dial(member);
    const sent = world.consortium.update(member);
    const outgoing = world.outgoing(member, sent);
    let opened = 0;
    const open = (from: number) => {
      opened++;
      return outgoing.open(from);
    };
    const both = [1, 2, 3].map(() => session.upload({ ...outgoing, open }, stop.signal));
    const [first, ...others] = await Promise.all(both);
    expect(others).toEqual([first, first]);
    expect(opened).toBe(1);
  });

  test('goes on where a broken line left it, sending nothing twice', async () => {
    const session = world.dial(member);
    const sent = world.consortium.update(member);
    const begun: number[] = [];
    const outgoing = world.outgoing(member, sent);
    async function* open(from: number): AsyncGenerator<Uint8Array> {
      begun.push(from);
      let at = from;
      for await (const part of outgoing.open(from)) {
        yield part;
        at += part.byteLength;
        if (begun.length > 1 || at < 1_500_000) continue;
        await until(async () => (await world.held()) > 500_000);
        world.relay.cut();
      }
    }
    await session.upload({ ...outgoing, open }, stop.signal);
    expect(begun).toEqual([0, expect.any(Number)]);
    expect(begun[1]).toBeGreaterThan(500_000);
  });

  test('goes on after the coordinator was restarted in the middle', async () => {
    const session = world.dial(member);
    const sent = world.consortium.update(member);
    const outgoing = world.outgoing(member, sent);
    let restarted = false;
    async function* open(from: number): AsyncGenerator<Uint8Array> {
      for await (const part of outgoing.open(from)) {
        yield part;
        if (restarted) continue;
        restarted = true;
        await world.fleet.close(0);
        await world.startFleet();
      }
    }
    const receipt = await session.upload({ ...outgoing, open }, stop.signal);
    expect(decodeReceipt(receipt).message.update).toBe(sent.update);
  });

  test('is refused with the code and the reason that the intake gave', async () => {
    const session = world.dial(member);
    const sent = world.consortium.update(member, { message: { plan: randomDigest() } });
    await expect(session.upload(world.outgoing(member, sent), stop.signal)).rejects.toMatchObject({
      code: 'WRONG_PLAN',
      message: expect.stringContaining(world.consortium.plan.hash),
    });
  });

  test('is refused while its bytes still come', async () => {
    const session = world.dial(member);
    const file = Uint8Array.from(world.consortium.updateFile());
    file.set([0, 0, 0xc0, 0x7f], 100_000 - (100_000 % 4));
    const sent = world.consortium.update(member, { file });
    const upload = session.upload(world.outgoing(member, sent), stop.signal);
    await expect(upload).rejects.toMatchObject({ code: 'NOT_FINITE', details: { element: expect.any(Number) } });
    await session.upload(world.outgoing(member, world.consortium.update(member)), stop.signal);
  });

  test('is refused when another was accepted', async () => {
    const session = world.dial(member);
    await session.upload(world.outgoing(member, world.consortium.update(member)), stop.signal);
    const other = session.upload(world.outgoing(member, world.consortium.update(member)), stop.signal);
    await expect(other).rejects.toMatchObject({ code: 'UPDATE_CONFLICT' });
  });

  test('stops when the worker no longer wants it', async () => {
    const session = world.dial(member);
    const outgoing = world.outgoing(member, world.consortium.update(member));
    const cancel = new AbortController();
    async function* open(from: number): AsyncGenerator<Uint8Array> {
      for await (const part of outgoing.open(from)) {
        yield part;
        cancel.abort(new SyndicError('STATE_CONFLICT', 'no longer wanted'));
      }
    }
    await expect(session.upload({ ...outgoing, open }, cancel.signal)).rejects.toThrow('no longer wanted');
  });

  test('fails at once when its own bytes cannot be read: that is no fault of the line', async () => {
    const session = world.dial(member);
    const outgoing = world.outgoing(member, world.consortium.update(member));
    // biome-ignore lint/correctness/useYield: it fails before the first byte
    async function* open(): AsyncGenerator<Uint8Array> {
      throw new Error('disk is gone');
    }
    await expect(session.upload({ ...outgoing, open }, stop.signal)).rejects.toThrow('disk is gone');
  });
});
