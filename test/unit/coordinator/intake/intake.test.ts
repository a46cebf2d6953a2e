import { appendFile, readdir, truncate } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../../coordinator/db/connect.ts';
import { sweepUploads } from '../../../../coordinator/intake/sweepUploads.ts';
import { sha256 } from '../../../../core/sha256.ts';
import { decodeReceipt } from '../../../../core/statements/documents.ts';
import { digestOf, recover } from '../../../../core/statements/sign.ts';
import { digest, instant } from '../../../../core/values.ts';
import { testDatabase } from '../../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { type Member, RECORD_BY, ROUND, T0 } from '../../../support/testConsortium.ts';
import { IntakeWorld } from './harness.ts';

let postgres: TestPostgres;
let db: Database;
let world: IntakeWorld;
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
  world = await IntakeWorld.start(db);
  [member] = world.consortium.members;
});
afterEach(() => world.stop());

const taskRow = (id: string) => db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('an accepted update', () => {
  test('gets a receipt that says what was sent, signed by the coordinator', async () => {
    const { consortium } = world;
    const sent = consortium.update(member);
    const { message, signature } = decodeReceipt(await world.send(member, sent));
    expect(message).toEqual({
      statement: digestOf('Update', consortium.domain, sent.message),
      study: consortium.study,
      round: ROUND,
      slot: 1,
      baseModel: consortium.base,
      update: sent.update,
      samples: 200,
      recordBy: RECORD_BY,
    });
    expect(recover(consortium.domain, 'Receipt', message, signature)).toBe(consortium.coordinator.address);
  });

  test('is stored with its statement, report and receipt, each under its digest', async () => {
    const sent = world.consortium.update(member);
    const receipt = await world.send(member, sent);
    expect(await taskRow(member.task)).toMatchObject({
      state: 'accepted',
      update: sent.update,
      samples: 200,
      statement: sha256(sent.statement),
      report: sha256(sent.report),
      receipt: sha256(receipt),
      lease_until: null,
      metrics: { before: { loss: { value: 0.5 } }, after: { loss: { value: 0.5 } } },
    });
    for (const bytes of [sent.file, sent.statement, sent.report, receipt]) {
      expect(await world.models.read(sha256(bytes), 0, bytes.length)).toEqual(Buffer.from(bytes));
    }
    const [event] = await world.events();
    expect(event).toMatchObject({ type: 'update.accepted', slot: 1, round: ROUND, data: { update: sent.update } });
  });

  test('wakes its study when it is the last that its round waits for, also of two that end at once', async () => {
    const { members, study } = world.consortium;
    await world.send(member, world.consortium.update(member));
    expect(world.woken).toEqual([]);
    await world.send(members[1], world.consortium.update(members[1]));
    expect(world.woken).toEqual([study]);

    await world.stop();
    world = await IntakeWorld.start(db);
    await Promise.all(world.consortium.members.map((of) => world.send(of, world.consortium.update(of))));
    expect(world.woken.length).toBeGreaterThan(0);
  });

  test('gets the same receipt when the same bytes come again, byte for byte, also after the round', async () => {
    const sent = world.consortium.update(member);
    const receipt = await world.send(member, sent);
    expect(await world.send(member, sent)).toEqual(receipt);
    await db
      .updateTable('rounds')
      .set({ state: 'closed', closed: T0 + 50 })
      .where('study', '=', world.consortium.study)
      .execute();
    await world.restart();
    expect(await world.send(member, sent)).toEqual(receipt);
    expect(await world.intake.state(member.slot, member.task, sent.update)).toEqual({
      received: sent.file.length,
      receipt,
    });
    expect(await world.events()).toHaveLength(1);
  });

  test('is final: another one for the round is refused, with an event', async () => {
    const first = world.consortium.update(member);
    const receipt = await world.send(member, first);
    const second = world.consortium.update(member);
    await expect(world.begin(member, second)).rejects.toMatchObject({ code: 'UPDATE_CONFLICT' });
    expect(await world.intake.state(member.slot, member.task, second.update)).toEqual({ received: 0, receipt: null });
    expect((await taskRow(member.task)).receipt).toBe(sha256(receipt));
    expect((await world.events()).at(-1)).toMatchObject({ type: 'update.refused', data: { code: 'UPDATE_CONFLICT' } });
  });

  test('is final also for the same file under another statement', async () => {
    const first = world.consortium.update(member);
    await world.send(member, first);
    const second = world.consortium.update(member, { file: first.file, message: { samples: 199 } });
    await expect(world.begin(member, second)).rejects.toMatchObject({ code: 'UPDATE_CONFLICT' });
    expect(await world.models.size(first.update)).toBe(first.file.length);
  });

  test('does not stand in the way of the other member', async () => {
    const [one, two] = world.consortium.members;
    await Promise.all([one, two].map((each) => world.send(each, world.consortium.update(each))));
    const tasks = await db.selectFrom('tasks').select('state').where('study', '=', world.consortium.study).execute();
    expect(tasks.map(({ state }) => state)).toEqual(['accepted', 'accepted']);
  });

  test('comes in chunks of any size', async () => {
    const [one, two] = world.consortium.members;
    await world.send(one, world.consortium.update(one), 1);
    await world.send(two, world.consortium.update(two), 1_000_000);
  });
});

describe('of two different updates that race', () => {
  test('exactly one is accepted, and the other is told so', async () => {
    const updates = [world.consortium.update(member), world.consortium.update(member)];
    const results = await Promise.allSettled(updates.map((sent) => world.send(member, sent)));
    const accepted = results.filter(({ status }) => status === 'fulfilled');
    expect(accepted.length).toBeLessThanOrEqual(1);
    if (accepted.length === 0) await world.send(member, world.consortium.update(member));
    const task = await taskRow(member.task);
    expect(task.state).toBe('accepted');
    const kinds = (await world.events()).map(({ type }) => type);
    expect(kinds.filter((type) => type === 'update.accepted')).toHaveLength(1);
  });
});

describe('an upload that was interrupted', () => {
  test('goes on where it was let go of', async () => {
    const sent = world.consortium.update(member);
    const first = await world.begin(member, sent);
    await first.chunk(0, sent.file.subarray(0, 101));
    await first.suspend();
    expect(await world.intake.state(member.slot, member.task, sent.update)).toEqual({ received: 101, receipt: null });
    const second = await world.begin(member, sent, { offset: 101 });
    await second.chunk(101, sent.file.subarray(101));
    await second.finish();
    expect(await world.models.size(sent.update)).toBe(sent.file.length);
  });

  test('goes on after an end that came too early, as a broken line can look', async () => {
    const sent = world.consortium.update(member);
    const first = await world.begin(member, sent);
    await first.chunk(0, sent.file.subarray(0, 100));
    await expect(first.finish()).rejects.toMatchObject({ code: 'CHUNK_OUT_OF_ORDER', details: { want: 100 } });
    expect(await world.events()).toEqual([]);
    const second = await world.begin(member, sent, { offset: 100 });
    await second.chunk(100, sent.file.subarray(100));
    await second.finish();
  });

  test('goes on in a new process after a kill', async () => {
    const sent = world.consortium.update(member);
    const first = await world.begin(member, sent);
    await first.chunk(0, sent.file.subarray(0, 203));
    await world.restart();
    expect((await world.intake.state(member.slot, member.task, sent.update)).received).toBe(203);
    const second = await world.begin(member, sent, { offset: 203 });
    await second.chunk(203, sent.file.subarray(203));
    await second.finish();
    // A real kill closes its file.
    await first.suspend();
  });

  test('is taken over by a newer stream, and the older one hears of it', async () => {
    const sent = world.consortium.update(member);
    const first = await world.begin(member, sent);
    await first.chunk(0, sent.file.subarray(0, 100));
    const second = await world.begin(member, sent, { offset: 100 });
    await expect(first.chunk(100, sent.file.subarray(100))).rejects.toMatchObject({ code: 'CHUNK_OUT_OF_ORDER' });
    await second.chunk(100, sent.file.subarray(100));
    await second.finish();
  });

  test('is told where to go on when it names another place, and nothing of that is on record', async () => {
    const sent = world.consortium.update(member);
    const first = await world.begin(member, sent);
    await first.chunk(0, sent.file.subarray(0, 100));
    await expect(first.chunk(99, sent.file.subarray(99))).rejects.toMatchObject({
      code: 'CHUNK_OUT_OF_ORDER',
      details: { got: 99, want: 100 },
    });
    await expect(world.begin(member, sent, { offset: 0 })).rejects.toMatchObject({ details: { want: 100 } });
    await expect(world.begin(member, sent, { offset: 101 })).rejects.toMatchObject({ details: { want: 100 } });
    expect(await world.events()).toEqual([]);
    const again = await world.begin(member, sent, { offset: 100 });
    await again.chunk(100, sent.file.subarray(100));
    await again.finish();
  });

  test('begins again when the bytes on disk were damaged meanwhile', async () => {
    const sent = world.consortium.update(member);
    const first = await world.begin(member, sent);
    await first.chunk(0, sent.file.subarray(0, 200));
    const [name] = await readdir(`${world.dir}/tmp`);
    await first.suspend();
    // As after a power cut: the length is there, the bytes are not.
    await truncate(`${world.dir}/tmp/${name}`, 0);
    await appendFile(`${world.dir}/tmp/${name}`, new Uint8Array(200));
    await expect(world.begin(member, sent, { offset: 200 })).rejects.toMatchObject({ details: { want: 0 } });
    await world.send(member, sent);
  });

  test('leaves nothing behind when another update takes its place', async () => {
    const abandoned = world.consortium.update(member);
    const first = await world.begin(member, abandoned);
    await first.chunk(0, abandoned.file.subarray(0, 100));
    await world.send(member, world.consortium.update(member));
    expect(await readdir(`${world.dir}/tmp`)).toEqual([]);
    expect(await db.selectFrom('uploads').select('state').where('task', '=', member.task).execute()).toEqual([
      { state: 'accepted' },
    ]);
  });

  test('is kept for a while, then swept', async () => {
    const { consortium } = world;
    const sent = consortium.update(member);
    const upload = await world.begin(member, sent);
    await upload.chunk(0, sent.file.subarray(0, 100));
    await upload.suspend();
    const modules = { db, models: world.models, clock: consortium.clock };
    consortium.now = instant(T0 + 60);
    expect(await sweepUploads({ keepSeconds: 100 }, modules)).toBe(0);
    expect((await world.intake.state(member.slot, member.task, sent.update)).received).toBe(100);
    consortium.now = instant(T0 + 200);
    expect(await sweepUploads({ keepSeconds: 100 }, modules)).toBe(1);
    expect((await world.intake.state(member.slot, member.task, sent.update)).received).toBe(0);
  });
});

class Killed extends Error {}

describe('a coordinator killed after', () => {
  test.each(['upload.committed', 'upload.stored', 'upload.accepted'])(
    '%s has one update, one receipt and one event in the end',
    async (where) => {
      const sent = world.consortium.update(member);
      const reached: string[] = [];
      await world.restart((point) => {
        reached.push(point);
        if (point === where) throw new Killed(point);
      });
      await expect(world.send(member, sent)).rejects.toThrow(Killed);
      expect(reached.at(-1)).toBe(where);
      await world.restart();

      const { received, receipt } = await world.intake.state(member.slot, member.task, sent.update);
      const upload = await world.begin(member, sent, { offset: received });
      if (received < sent.file.length) await upload.chunk(received, sent.file.subarray(received));
      const got = await upload.finish();
      if (receipt !== null) expect(got).toEqual(receipt);
      expect(decodeReceipt(got).message.update).toBe(sent.update);
      expect((await taskRow(member.task)).receipt).toBe(sha256(got));
      expect((await world.events()).map(({ type }) => type)).toEqual(['update.accepted']);
      expect(await readdir(`${world.dir}/tmp`)).toEqual([]);
    },
  );
});

test("nobody is given a receipt for a file that only others sent: naming another's digest is not having its bytes", async () => {
  const [one, two] = world.consortium.members;
  const theirs = world.consortium.update(one);
  await world.send(one, theirs);
  const stolen = world.consortium.update(two, { file: theirs.file });
  expect(await world.intake.state(two.slot, two.task, digest(theirs.update))).toEqual({ received: 0, receipt: null });
  const upload = world.begin(two, stolen, { offset: theirs.file.length });
  await expect(upload).rejects.toMatchObject({ code: 'CHUNK_OUT_OF_ORDER' });
});
