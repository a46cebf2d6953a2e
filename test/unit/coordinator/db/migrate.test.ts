import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { connect, type Database, safeInteger } from '../../../../coordinator/db/connect.ts';
import { checkMigrated, MIGRATIONS, migrate } from '../../../../coordinator/db/migrate.ts';
import { testDatabase } from '../../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';

let postgres: TestPostgres;
const open: Database[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  for (const db of open) await db.destroy();
  await postgres.stop();
});

async function empty(): Promise<Database> {
  const db = connect({ url: await postgres.createDatabase() });
  open.push(db);
  return db;
}

async function migrated(): Promise<Database> {
  const db = await testDatabase(postgres);
  open.push(db);
  return db;
}

const digest = `0x${'a1'.repeat(32)}`;
const account = `0x${'b2'.repeat(20)}`;
const study = {
  id: digest,
  plan: digest,
  name: 'heart',
  initial_model: digest,
  model: digest,
  operator: account,
  coordinator: account,
  min_included: 2,
  salt: digest,
  state: 'open',
  abort_reason: null,
  start_ordered_by: null,
  outcome: null,
  opened_at: 1,
} as const;
const round = {
  study: digest,
  round: 1,
  state: 'collecting',
  base_model: digest,
  opened: 1,
  deadline: 2,
  record_by: 3,
  closed: null,
  outcome: null,
  global_model: null,
  manifest: null,
  transaction: null,
  block: null,
} as const;

describe('migrations', () => {
  test('are applied once, in order, however many processes ask', async () => {
    const url = await postgres.createDatabase();
    const several = Array.from({ length: 4 }, () => connect({ url }));
    open.push(...several);
    const applied = await Promise.all(several.map((db) => migrate(db)));
    expect(applied.flat()).toEqual(Object.keys(MIGRATIONS));
    await expect(checkMigrated(several[0] as Database)).resolves.toBeUndefined();
  });

  test('refuse a database that a newer version migrated', async () => {
    const db = await migrated();
    await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999_future', '2099')`.execute(db);
    await expect(migrate(db)).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      message: expect.stringContaining('9999_future'),
    });
    await expect(checkMigrated(db)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  test('are missed by a check, which changes nothing', async () => {
    const db = await empty();
    await expect(checkMigrated(db)).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      details: { missing: Object.keys(MIGRATIONS) },
    });
    expect(await db.introspection.getTables({ withInternalKyselyTables: true })).toEqual([]);
  });

  test('say that a database cannot be reached', async () => {
    const db = connect({ url: 'postgresql://nobody@127.0.0.1:1/none' });
    open.push(db);
    await expect(migrate(db)).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' });
  });
});

describe('the tables', () => {
  test('hold one round of a study under way', async () => {
    const db = await migrated();
    await db.insertInto('studies').values(study).execute();
    await db.insertInto('rounds').values(round).execute();
    const second = db.insertInto('rounds').values({ ...round, round: 2 });
    await expect(second.execute()).rejects.toThrow('rounds_under_way');
  });

  test('hold one task a slot, round and kind', async () => {
    const db = await migrated();
    await db.insertInto('studies').values(study).execute();
    await db.insertInto('rounds').values(round).execute();
    const insert = (id: string) =>
      sql`INSERT INTO tasks (id, study, round, slot, kind, state)
        VALUES (${id}, ${digest}, 1, 1, 'train', 'offered')`.execute(db);
    await insert('a');
    await expect(insert('b')).rejects.toThrow('tasks_study_round_slot_kind_key');
  });

  test('refuse a state that nobody knows, and an accepted task without its receipt', async () => {
    const db = await migrated();
    await db.insertInto('studies').values(study).execute();
    await db.insertInto('rounds').values(round).execute();
    await expect(sql`UPDATE studies SET state = 'dreaming'`.execute(db)).rejects.toThrow('studies_state_check');
    await sql`INSERT INTO tasks (id, study, round, slot, kind, state)
      VALUES ('a', ${digest}, 1, 1, 'train', 'offered')`.execute(db);
    await expect(sql`UPDATE tasks SET state = 'accepted'`.execute(db)).rejects.toThrow('check');
  });

  test('only ever add events', async () => {
    const db = await migrated();
    const event = { at: 1, study: digest, round: null, slot: null, type: 'study.opened', data: {} };
    await db.insertInto('events').values(event).execute();
    await expect(db.updateTable('events').set({ at: 2 }).execute()).rejects.toThrow('append-only');
    await expect(db.deleteFrom('events').execute()).rejects.toThrow('append-only');
    await expect(sql`TRUNCATE events`.execute(db)).rejects.toThrow('append-only');
  });

  test('give eight-byte integers as numbers, and an error instead of a rounded one', async () => {
    const db = await migrated();
    await db
      .insertInto('studies')
      .values({ ...study, opened_at: 2 ** 53 - 1 })
      .execute();
    expect(await db.selectFrom('studies').select('opened_at').execute()).toEqual([{ opened_at: 2 ** 53 - 1 }]);
    await sql`UPDATE studies SET opened_at = 9007199254740993`.execute(db);
    await expect(db.selectFrom('studies').select('opened_at').execute()).rejects.toThrow('2^53');
    expect(safeInteger('-12')).toBe(-12);
  });
});
