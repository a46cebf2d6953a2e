import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../../../coordinator/db/connect.ts';
import { sha256 } from '../../../../core/sha256.ts';
import { instant } from '../../../../core/values.ts';
import { testDatabase } from '../../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { DEADLINE, ROUND, randomDigest, type SentUpdate, T0 } from '../../../support/testConsortium.ts';
import { changeKey, updateRefusals } from '../../../support/updateRefusals.ts';
import { IntakeWorld } from './harness.ts';

let postgres: TestPostgres;
let db: Database;
let world: IntakeWorld;

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
});
afterEach(() => world.stop());

/** Sends as far as it is taken, and gives the refusal. */
async function refusalOf(sent: SentUpdate, length: number | undefined): Promise<unknown> {
  const [member] = world.consortium.members;
  try {
    const upload = await world.begin(member, sent, length === undefined ? {} : { length });
    for (let at = 0; at < sent.file.length; at += 50) await upload.chunk(at, sent.file.subarray(at, at + 50));
    await upload.finish();
  } catch (error) {
    return error;
  }
  return null;
}

describe('an update is refused, and nothing is left of it but an event, when it has', () => {
  test.each(updateRefusals.map((refusal) => [refusal.what, refusal.code, refusal] as const))(
    '%s (%s)',
    async (_what, code, { make, repair, length }) => {
      const { consortium } = world;
      const [member] = consortium.members;
      const before = await world.snapshot();
      const sent = make(consortium, member);
      expect(await refusalOf(sent, length?.(sent.file))).toMatchObject({ code });
      expect(await world.snapshot()).toEqual(before);
      expect(await world.events()).toEqual([
        {
          type: 'update.refused',
          slot: 1,
          round: ROUND,
          data: { task: member.task, code, message: expect.any(String) },
        },
      ]);
      expect(world.woken).toEqual([]);

      repair?.(consortium, member);
      const good = consortium.update(member);
      await world.send(member, good);
      expect(await db.selectFrom('tasks').select(['state', 'update']).where('id', '=', member.task).execute()).toEqual([
        { state: 'accepted', update: good.update },
      ]);
    },
  );
});

describe('an update is refused', () => {
  test('for a task that there is not, and the event names no study', async () => {
    const { consortium, intake } = world;
    const [member] = consortium.members;
    const { statement, report, file } = consortium.update(member);
    const begin = { task: 'no such task', statement, report, length: file.length, offset: 0 };
    await expect(intake.begin(member.slot, begin)).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    await expect(intake.state(member.slot, 'no such task', sha256(file))).rejects.toMatchObject({
      code: 'TASK_UNKNOWN',
    });
    expect(await world.events()).toEqual([]);
    const [event] = await db.selectFrom('events').selectAll().where('study', 'is', null).execute();
    expect(event).toMatchObject({ type: 'update.refused', slot: 1, data: { code: 'TASK_UNKNOWN' } });
  });

  test("for another member's task, as if there were none", async () => {
    const [first, second] = world.consortium.members;
    const sent = world.consortium.update(second);
    const begin = world.begin({ ...second, slot: first.slot }, sent);
    await expect(begin).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    await expect(world.intake.state(first.slot, second.task, sent.update)).rejects.toMatchObject({
      code: 'TASK_UNKNOWN',
    });
  });

  test.each(['open', 'closed', 'aggregated', 'recorded', 'anchored'] as const)(
    'in a round that is %s',
    async (state) => {
      const { consortium } = world;
      const [member] = consortium.members;
      const over = !['open', 'closed'].includes(state);
      await db
        .updateTable('rounds')
        .set({
          state,
          closed: state === 'open' ? null : T0 + 5,
          ...(over ? { outcome: 1, global_model: randomDigest(), manifest: randomDigest() } : {}),
        })
        .where('study', '=', consortium.study)
        .execute();
      await expect(world.begin(member, consortium.update(member))).rejects.toMatchObject({ code: 'ROUND_NOT_OPEN' });
    },
  );

  test.each(['refused', 'cancelled', 'expired'] as const)('for a task that is %s', async (state) => {
    const [member] = world.consortium.members;
    await db.updateTable('tasks').set({ state }).where('id', '=', member.task).execute();
    const begin = world.begin(member, world.consortium.update(member));
    await expect(begin).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  test('when its round closes while its bytes are coming', async () => {
    const { consortium } = world;
    const [member] = consortium.members;
    const sent = consortium.update(member);
    const upload = await world.begin(member, sent);
    await upload.chunk(0, sent.file);
    const close = { state: 'closed', closed: T0 + 20 } as const;
    await db.updateTable('rounds').set(close).where('study', '=', consortium.study).execute();
    await expect(upload.finish()).rejects.toMatchObject({ code: 'ROUND_NOT_OPEN' });
    expect(await world.models.size(sent.update)).toBeNull();
    expect((await world.events()).map(({ type }) => type)).toEqual(['update.refused']);
  });

  test('when its round is being closed this instant: it waits for the outcome', async () => {
    const { consortium } = world;
    const [member] = consortium.members;
    const sent = consortium.update(member);
    const upload = await world.begin(member, sent);
    await upload.chunk(0, sent.file);
    const closing = await db.startTransaction().execute();
    const close = { state: 'closed', closed: T0 + 20 } as const;
    await closing.updateTable('rounds').set(close).where('study', '=', consortium.study).execute();
    const finished = expect(upload.finish()).rejects.toMatchObject({ code: 'ROUND_NOT_OPEN' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await closing.commit().execute();
    await finished;
  });

  test('when its deadline passes while its bytes are coming', async () => {
    const { consortium } = world;
    const [member] = consortium.members;
    const sent = consortium.update(member);
    const upload = await world.begin(member, sent);
    await upload.chunk(0, sent.file);
    consortium.now = instant(DEADLINE + 1);
    await expect(upload.finish()).rejects.toMatchObject({ code: 'DEADLINE_PASSED' });
    expect(await world.models.size(sent.update)).toBeNull();
  });

  test('at the first byte over its length', async () => {
    const [member] = world.consortium.members;
    const sent = world.consortium.update(member);
    const upload = await world.begin(member, sent);
    await upload.chunk(0, sent.file);
    await expect(upload.chunk(sent.file.length, Uint8Array.of(0))).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
  });
});

test('a site that repeats a refused update fills no disk: the same refusal is on record once', async () => {
  const { consortium } = world;
  const [member] = consortium.members;
  const sent = consortium.update(member, { message: { plan: randomDigest() } });
  for (let i = 0; i < 3; i++) {
    await expect(world.begin(member, sent)).rejects.toMatchObject({ code: 'WRONG_PLAN' });
  }
  expect(await world.events()).toHaveLength(1);
});

test('a chain that does not answer refuses nothing: the member may try again', async () => {
  const { SyndicError } = await import('../../../../core/errors/SyndicError.ts');
  const { consortium } = world;
  const [member] = consortium.members;
  const sent = consortium.update(member);
  consortium.chain.failure = new SyndicError('CHAIN_UNAVAILABLE', 'away');
  await expect(world.begin(member, sent)).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE', retryable: true });
  expect(await world.events()).toEqual([]);
  consortium.chain.failure = null;
  await world.send(member, sent);
});

test('a key that was rotated after the base was recorded still counts', async () => {
  const { consortium } = world;
  const [member] = consortium.members;
  changeKey(consortium, member, { validTo: instant(T0 - 99) });
  await world.send(member, consortium.update(member));
});
