import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../coordinator/db/connect.ts';
import { sha256 } from '../../../core/sha256.ts';
import type { HeldReceipt, Session } from '../../../worker/session/port.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { silentLog } from '../../support/silentLog.ts';
import { type Member, ROUND, T0 } from '../../support/testConsortium.ts';
import { until } from '../../support/until.ts';
import { WireWorld } from './world.ts';

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
  await db?.destroy();
  await postgres?.stop();
});
beforeEach(async () => {
  world = await WireWorld.start(db, 1000);
  [member] = world.consortium.members;
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await world.stop();
});

const taskRow = () => db.selectFrom('tasks').selectAll().where('id', '=', member.task).executeTakeFirstOrThrow();
const awaited = () => db.selectFrom('awaited').selectAll().where('study', '=', world.consortium.study).execute();

/** An update that was accepted over the wire; the database is then as it was before. */
async function lost(): Promise<HeldReceipt> {
  const session = world.dial(member);
  const sent = world.consortium.update(member);
  const outgoing = world.outgoing(member, sent);
  const receipt = await session.upload(outgoing, stop.signal);
  await session.close();
  const none = { update: null, samples: null, statement: null, report: null, receipt: null, metrics: null };
  const leased = { ...none, state: 'leased' as const, lease_until: T0 + 60 };
  await db.updateTable('tasks').set(leased).where('id', '=', member.task).execute();
  await db.deleteFrom('uploads').where('task', '=', member.task).execute();
  await db
    .insertInto('awaited')
    .values({ study: world.consortium.study, round: ROUND, slot: member.slot, update: null, until: null })
    .execute();
  return { ...outgoing, receipt };
}

/** The same bytes, but for the last. */
async function* damaged(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    const copy = Uint8Array.from(piece);
    copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
    yield copy;
  }
}

/** Watches for tasks, which is what a worker does all day. */
function watch(session: Session): void {
  const over = (async () => {
    for await (const _ of session.tasks(stop.signal));
  })();
  over.catch(() => undefined);
}

describe('a worker presents what it holds', () => {
  test('on each new line once, of its own accord', async () => {
    const held = await lost();
    let asked = 0;
    const ask = async () => {
      asked++;
      return [held];
    };
    watch(world.dial(member, {}, { held: ask }));
    await until(async () => (await awaited()).length === 0);
    expect(await taskRow()).toMatchObject({ state: 'accepted', receipt: sha256(held.receipt) });
    expect(asked).toBe(1);
    world.relay.cut();
    await until(() => asked === 2);
  });

  test('also when it is nothing, and so is waited for no longer', async () => {
    await lost();
    watch(world.dial(member, {}, { held: async () => [] }));
    await until(async () => (await awaited()).length === 0);
    expect(await taskRow()).toMatchObject({ state: 'leased' });
  });

  test('and sends bytes again that the coordinator lost: the receipt stays the same', async () => {
    const held = await lost();
    await world.models.delete(held.update);
    watch(world.dial(member, {}, { held: async () => [held] }));
    await until(async () => (await world.models.size(held.update)) === held.length);
    await until(async () => (await awaited()).length === 0);
    expect(await taskRow()).toMatchObject({ state: 'accepted', receipt: sha256(held.receipt) });
  });

  test('and presents again what could not be sent, for as long as it is waited for', async () => {
    const held = await lost();
    await world.models.delete(held.update);
    let opened = 0;
    const damagedAtFirst = (from: number) => {
      opened++;
      return opened === 1 ? damaged(held.open(from)) : held.open(from);
    };
    watch(world.dial(member, {}, { held: async () => [{ ...held, open: damagedAtFirst }] }));
    await until(async () => (await awaited()).length === 0);
    expect(await taskRow()).toMatchObject({ state: 'accepted', receipt: sha256(held.receipt) });
    expect(await world.models.size(held.update)).toBe(held.length);
  });

  test('and says in its log when the coordinator does not stand by a receipt', async () => {
    const held = await lost();
    const warned: string[] = [];
    const log = { ...silentLog, warn: (_facts: object, message: string) => void warned.push(message) };
    const closed = { state: 'closed' as const, closed: T0 };
    await db.updateTable('rounds').set(closed).where('study', '=', world.consortium.study).execute();
    watch(world.dial(member, {}, { held: async () => [held], log }));
    await until(() => warned.some((line) => line.startsWith('the coordinator does not stand by a receipt')));
  });

  test('of any number of studies, in as many calls as it takes', async () => {
    const held = await lost();
    watch(world.dial(member, {}, { held: async () => [...Array.from({ length: 40 }, () => held)] }));
    await until(async () => (await awaited()).length === 0);
    expect(await taskRow()).toMatchObject({ state: 'accepted' });
  });
});
