import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Database } from '../../../../coordinator/db/connect.ts';
import type { StudyDetail } from '../../../../coordinator/studies/port.ts';
import { digest, type StudyId, slot } from '../../../../core/values.ts';
import { testDatabase } from '../../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import type { Rig } from '../../../support/studies/rig.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();
let postgres: TestPostgres;
let other: Database;

beforeAll(async () => {
  postgres = await startPostgres();
  other = await testDatabase(postgres);
});
afterAll(async () => {
  await other?.destroy();
  await postgres?.stop();
});

/** The one that is recovered into, migrated and without a row. */
async function emptyDatabase(): Promise<Database> {
  await sql`ALTER TABLE events DISABLE TRIGGER USER`.execute(other);
  const children = ['awaited', 'uploads', 'tasks', 'rounds', 'studies'] as const;
  for (const table of [...children, 'outbox', 'events', 'sessions', 'nonces'] as const) {
    await other.deleteFrom(table).execute();
  }
  await sql`ALTER TABLE events ENABLE TRIGGER USER`.execute(other);
  return other;
}

/** What a dump of the rig's database holds just now. */
async function copyOf(rig: Rig): Promise<Database> {
  const copy = await emptyDatabase();
  await copy
    .insertInto('studies')
    .values(await rig.db.selectFrom('studies').selectAll().execute())
    .execute();
  for (const table of ['rounds', 'tasks', 'uploads'] as const) {
    const rows = await rig.db.selectFrom(table).selectAll().execute();
    if (rows.length > 0) await copy.insertInto(table).values(rows.map(jsonAsText)).execute();
  }
  for (const { id, ...row } of await rig.db.selectFrom('outbox').selectAll().orderBy('id').execute()) {
    await copy.insertInto('outbox').values(jsonAsText(row)).execute();
  }
  return copy;
}

function jsonAsText<T extends object>(row: T): T {
  const texts = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
  ]);
  return Object.fromEntries(texts) as T;
}

/** A study of three rounds with two on chain, and the third collecting with a receipt out. */
async function midRound(rig: Rig): Promise<StudyId> {
  const study = await rig.running();
  for (const _ of [1, 2]) {
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
  }
  await rig.deliver(1);
  return study;
}

const threeRounds = { plan: [['rounds', 3]] } as const;

/** Everything but what only the lost database's clocks and counters knew. */
function lasting({ openedAt, attempts, ...study }: StudyDetail) {
  return { ...study, attempts: attempts.map(({ transaction, block, ...attempt }) => attempt) };
}

const slots = (numbers: readonly number[]) => numbers.map((of) => slot(of));

describe('recovering into an empty database', () => {
  test('brings a closed study back as it was: rounds, tasks, metrics, models', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    await rig.deliver(1);
    rig.clock.seconds += 61;
    await rig.settle(study);
    rig.clock.seconds += 2;
    await rig.settle(study);
    for (const _ of [1, 2]) {
      for (const member of [1, 2, 3]) await rig.deliver(member);
      await rig.settle(study);
    }
    const before = await rig.studies.show(study);
    expect(before).toMatchObject({ state: 'closed', completed: 2 });
    expect(before.attempts.map(({ outcome }) => outcome)).toEqual([2, 1, 1]);

    const again = rig.over(await emptyDatabase());
    expect(await again.recover()).toEqual({
      studies: [{ study, name: before.name, state: 'closed', rounds: 3, open: null }],
      unknown: [],
    });
    expect(lasting(await again.studies.show(study))).toEqual(lasting(before));
    await expect(again.studies.checkChain()).resolves.toBeUndefined();
  });

  test('numbers events beyond those that were lost: who follows the study misses none', async () => {
    const rig = await rigOf(threeRounds);
    await sql`SELECT setval(pg_get_serial_sequence('events', 'id'), 500000)`.execute(rig.db);
    const study = await midRound(rig);
    const last = (await rig.studies.events(study, 0, 1000)).at(-1)?.id ?? 0;
    expect(last).toBeGreaterThan(500_000);
    const again = rig.over(await emptyDatabase());
    await again.recover();
    const held = await rig.held(study, 3, 1);
    await again.present(slot(1), [held], true);
    const since = await again.studies.events(study, last, 1000);
    expect(since.map(({ type }) => type)).toContain('update.adopted');
    expect(since).toEqual(await again.studies.events(study, 0, 1000));
  });

  test('waits in the open round for what members hold, keeps its times, and honours every receipt', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const { deadline, opened } = (await rig.studies.show(study)).attempts[2] ?? {};
    const again = rig.over(await emptyDatabase());
    expect(await again.recover()).toMatchObject({ studies: [{ study, state: 'running', rounds: 2, open: 3 }] });
    rig.clock.seconds += 5;
    await again.settle(study);
    expect((await again.studies.show(study)).attempts[2]).toMatchObject({ state: 'open', tasks: [] });

    const held = await rig.held(study, 3, 1);
    expect(await again.present(slot(1), [held], true)).toEqual([{ fault: null, wanted: null }]);
    await again.present(slot(2), [], true);
    await again.settle(study);
    expect(await again.studies.tasksFor(slot(2))).toEqual([]);
    await again.present(slot(3), [], true);
    await again.settle(study);
    const round = (await again.studies.show(study)).attempts[2];
    expect(round).toMatchObject({ state: 'collecting', opened, deadline });
    expect(round?.tasks.map(({ state }) => state)).toEqual(['accepted', 'offered', 'offered']);
    expect(await again.studies.tasksFor(slot(1))).toEqual([]);

    rig.clock.seconds += 61;
    await again.settle(study);
    const entries = rig.recordOf(study, 3)?.entries;
    expect(entries?.map(({ slot: of, update }) => [of, update])).toMatchObject([
      [1, (await rig.studies.show(study)).attempts[2]?.tasks[0]?.update],
      [2, expect.stringMatching(/^0x0+$/)],
      [3, expect.stringMatching(/^0x0+$/)],
    ]);
  });

  test('goes on without members that do not come, on record, and gives the round times of its own', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const again = rig.over(await emptyDatabase());
    await again.recover();
    await again.settle(study);
    rig.clock.seconds += 600;
    await again.settle(study);
    expect((await again.studies.show(study)).attempts[2]).toMatchObject({ state: 'open' });
    rig.clock.seconds += 1;
    await again.settle(study);
    expect((await again.studies.show(study)).attempts[2]).toMatchObject({
      state: 'collecting',
      opened: rig.clock.seconds,
      deadline: rig.clock.seconds + 60,
    });
    const events = await again.studies.events(study, 0, 100);
    expect(events.filter(({ type }) => type === 'receipts.given_up').map((event) => event.slot)).toEqual([1, 2, 3]);
  });

  test('gives the clock of the waiting only to a coordinator that runs', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const again = rig.over(await emptyDatabase());
    await again.recover();
    rig.clock.seconds += 86_400;
    await again.settle(study);
    expect((await again.studies.show(study)).attempts[2]).toMatchObject({ state: 'open' });
  });

  test('opens no round of a study whose rounds are all on chain, and closes it', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    rig.anchor.refuse.set('close', 'NotNow');
    for (const _ of [1, 2]) {
      for (const member of [1, 2, 3]) await rig.deliver(member);
      await rig.settle(study);
    }
    expect(await rig.studies.show(study)).toMatchObject({ state: 'closing' });
    const again = rig.over(await emptyDatabase());
    expect(await again.recover()).toMatchObject({ studies: [{ state: 'running', rounds: 2, open: null }] });
    await again.settle(study);
    expect(await again.studies.show(study)).toMatchObject({ state: 'closed', completed: 2 });
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 1, lastRound: 2 });
  });

  test('takes up a study that is open on chain, or started, without a round', async () => {
    for (const started of [false, true]) {
      const rig = await rigOf();
      const study = started ? await rig.running() : await rig.open();
      const again = rig.over(await emptyDatabase());
      const state = started ? 'running' : 'open';
      expect(await again.recover()).toMatchObject({ studies: [{ state, rounds: 0, open: started ? 1 : null }] });
      rig.join(study, 1, 2, 3);
      for (const member of slots([1, 2, 3])) await again.present(member, [], true);
      await again.settle(study);
      expect(await again.studies.tasksFor(slot(1))).toMatchObject([{ study, round: 1 }]);
    }
  });

  test('leaves a study alone that names this coordinator and whose plan it never had', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const stranger = digest(`0x${'99'.repeat(32)}`);
    const known = rig.ledger.studies.get(study);
    if (known === undefined) throw new Error('no study');
    rig.ledger.studies.set(stranger, { ...known, id: stranger, plan: stranger });
    const again = rig.over(await emptyDatabase());
    expect(await again.recover()).toMatchObject({ studies: [{ study }], unknown: [stranger] });
    expect((await again.studies.list()).map(({ id }) => id)).toEqual([study]);
  });

  test('changes nothing when it is run again, or when nothing was lost', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const again = rig.over(await emptyDatabase());
    await again.recover();
    const once = await again.studies.show(study);
    const events = await again.studies.events(study, 0, 100);
    expect(await again.recover()).toMatchObject({ studies: [{ rounds: 0, open: 3 }] });
    expect(await again.studies.show(study)).toEqual(once);
    expect(await again.studies.events(study, 0, 100)).toEqual(events);
  });

  test('is taken up again wherever it was killed', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const whole = rig.over(await emptyDatabase());
    await whole.recover();
    const want = lasting(await whole.studies.show(study));
    const points = ['study.adopted', 'round.adopted', 'round.adopted', 'study.adopted', 'round.reopened'];
    for (let kill = 1; kill <= points.length; kill++) {
      const db = await emptyDatabase();
      let left = kill;
      const seen: string[] = [];
      const doomed = rig.over(db, (point) => {
        seen.push(point);
        if (--left === 0) throw new Error('killed');
      });
      await expect(doomed.recover()).rejects.toThrow('killed');
      expect(seen).toEqual(points.slice(0, kill));
      const again = rig.over(db);
      if (kill < 3) await expect(again.studies.checkChain()).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
      await again.recover();
      expect(lasting(await again.studies.show(study))).toEqual(want);
    }
  });
});

describe('recovering an old copy', () => {
  test('takes over what was recorded since, from the midst of a round on', async () => {
    const rig = await rigOf(threeRounds);
    const study = await rig.running();
    await rig.deliver(1);
    await rig.offered(2);
    const points: string[] = [];
    const copy = rig.over(await copyOf(rig), (point) => points.push(point));
    for (const member of [2, 3]) await rig.deliver(member);
    await rig.settle(study);
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    await rig.deliver(2);

    await expect(copy.studies.checkChain()).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
    expect(await copy.recover()).toMatchObject({ studies: [{ rounds: 2, open: 3 }] });
    expect(points.slice(0, 4)).toEqual([
      'study.adopted',
      'round.collecting.adopted',
      'task.offered.adopted',
      'round.adopted',
    ]);
    const [before, after] = [await rig.studies.show(study), await copy.studies.show(study)].map(lasting);
    expect(after?.attempts.slice(0, 2)).toEqual(before?.attempts.slice(0, 2));
    await copy.present(slot(2), [await rig.held(study, 3, 2)], true);
    for (const member of slots([1, 3])) await copy.present(member, [], true);
    await copy.settle(study);
    expect((await copy.studies.show(study)).attempts[2]?.tasks.map(({ state }) => state)).toEqual([
      'offered',
      'accepted',
      'offered',
    ]);
  });

  test('waits with closing the round that it knows, though its deadline is over, until members have shown theirs', async () => {
    const rig = await rigOf(threeRounds);
    const study = await rig.running();
    await rig.deliver(1);
    const copy = rig.over(await copyOf(rig));
    await rig.deliver(2);
    rig.clock.seconds += 3600;
    expect(await copy.recover()).toMatchObject({ studies: [{ rounds: 0, open: 1 }] });
    await copy.settle(study);
    expect((await copy.studies.show(study)).attempts).toMatchObject([{ state: 'collecting' }]);
    await copy.present(slot(2), [await rig.held(study, 1, 2)], true);
    await copy.present(slot(3), [], true);
    await copy.settle(study);
    expect(rig.recordOf(study, 1)?.entries.map(({ status }) => status)).toEqual([1, 1, 0]);
  });

  test('adopts an unknown receipt without having been recovered at all, as long as the round is open', async () => {
    const rig = await rigOf(threeRounds);
    const study = await rig.running();
    const copy = rig.over(await copyOf(rig));
    await rig.deliver(1);
    await expect(copy.studies.checkChain()).resolves.toBeUndefined();
    const held = await rig.held(study, 1, 1);
    expect(await copy.present(slot(1), [held], true)).toEqual([{ fault: null, wanted: null }]);
    expect(await copy.present(slot(1), [held], true)).toEqual([{ fault: null, wanted: null }]);
    expect(await copy.studies.tasksFor(slot(1))).toEqual([]);
    const events = await copy.studies.events(study, 0, 100);
    expect(events.map(({ type }) => type)).toEqual(['update.adopted']);
  });

  test('follows a study to the end that the ledger has seen', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const copy = rig.over(await copyOf(rig));
    await rig.studies.abort(study, rig.operator, 'no longer wanted');
    await rig.settle(study);
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 3 });
    expect(await copy.recover()).toMatchObject({ studies: [{ state: 'closed', rounds: 1, open: null }] });
    await copy.settle(study);
    expect(await copy.studies.show(study)).toMatchObject({ state: 'closed', attempts: [{ outcome: 3 }] });
  });

  test('ends the sessions that the copy holds, and forgets its nonces', async () => {
    const rig = await rigOf();
    await rig.running();
    const { db, recover } = rig.over(await copyOf(rig));
    const one = { key: 'k', slot: 1, capabilities: null, expires: rig.clock.seconds + 100 };
    await db
      .insertInto('sessions')
      .values({ ...one, token_hash: 't', role: 'worker' })
      .execute();
    await db
      .insertInto('nonces')
      .values({ ...one, nonce: 'n' })
      .execute();
    await recover();
    expect(await db.selectFrom('sessions').selectAll().execute()).toEqual([]);
    expect(await db.selectFrom('nonces').selectAll().execute()).toEqual([]);
  });
});

describe('recovery refuses, and writes nothing,', () => {
  test('when the store lacks a file, naming it', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const manifest = digest(rig.recordOf(study, 2)?.manifest ?? '');
    rig.models.files.delete(manifest);
    const again = rig.over(await emptyDatabase());
    await expect(again.recover()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(manifest),
    });
    expect(await again.studies.list()).toEqual([]);
  });

  test('when a manifest in the store is not what the record names', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const manifest = digest(rig.recordOf(study, 2)?.manifest ?? '');
    rig.models.files.set(manifest, rig.models.bytes(digest(rig.recordOf(study, 1)?.manifest ?? '')));
    const again = rig.over(await emptyDatabase());
    await expect(again.recover()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await again.studies.list()).toEqual([]);
  });

  test('when the node is behind the database', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const known = rig.ledger.studies.get(study);
    if (known === undefined) throw new Error('no study');
    rig.ledger.studies.set(study, { ...known, lastRound: 1 });
    await expect(rig.over(rig.db).recover()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
  });

  test('when the database has another record final than the chain', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    await rig.db
      .updateTable('rounds')
      .set({ manifest: `0x${'77'.repeat(32)}` })
      .where('study', '=', study)
      .where('round', '=', 1)
      .execute();
    await expect(rig.over(rig.db).recover()).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });
});

describe('an adopted receipt whose update the store lost', () => {
  test('keeps the round waiting for its bytes, and is excluded by name when they do not come', async () => {
    const rig = await rigOf(threeRounds);
    const study = await rig.running();
    const copy = rig.over(await copyOf(rig));
    for (const member of [1, 2, 3]) await rig.deliver(member);
    const held = await rig.held(study, 1, 1);
    const update = digest((await rig.studies.show(study)).attempts[0]?.tasks[0]?.update ?? '');
    rig.models.files.delete(update);
    const [presented] = await copy.present(slot(1), [held], true);
    expect(presented).toMatchObject({ fault: null, wanted: expect.any(String) });
    for (const member of [2, 3]) await copy.present(slot(member), [await rig.held(study, 1, member)], true);
    await copy.settle(study);
    expect((await copy.studies.show(study)).attempts).toMatchObject([{ state: 'collecting' }]);
    rig.clock.seconds += 601;
    await copy.settle(study);
    expect(rig.recordOf(study, 1)?.entries).toMatchObject([
      { status: 2, reason: 1, update },
      { status: 1, reason: 0 },
      { status: 1, reason: 0 },
    ]);
  });
});
