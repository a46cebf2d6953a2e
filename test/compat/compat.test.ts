import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { connect, type Database } from '../../coordinator/db/connect.ts';
import { migrate } from '../../coordinator/db/migrate.ts';
import type { StudyDetail } from '../../coordinator/studies/port.ts';
import type { StudyId } from '../../core/values.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { CompatCoordinator, SLOTS } from './CompatCoordinator.ts';
import { dump } from './dump.ts';
import { missing } from './missing.ts';
import { type RunningWorkers, startWorkers } from './startWorkers.ts';
import { wireOf } from './wireOf.ts';

const here = import.meta.dirname;
const proto = join(here, '../../proto');
const versions = readdirSync(here).filter((name) => existsSync(join(here, name, 'database.sql')));

let postgres: TestPostgres;
let db: Database;
let coordinator: CompatCoordinator;
let workers: RunningWorkers | null = null;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(here, ...path), 'utf8'));
}

/** What a dump says when the server that it was taken from had counted more transactions than this one has yet. */
const FROM_A_BUSIER_CLUSTER = `
  ALTER TABLE events DISABLE TRIGGER USER;
  UPDATE events SET transaction_id = (transaction_id::text::numeric + 1000000000000)::text::xid8;
  ALTER TABLE events ENABLE TRIGGER USER;
`;

/** Answers tasks by the kept version's workers until the study is over. */
async function finish(study: StudyId): Promise<StudyDetail> {
  const over = until(async () => {
    await coordinator.settle(study);
    return (await coordinator.studies.show(study)).state === 'closed';
  });
  await Promise.race([over, workers?.failed]);
  return coordinator.studies.show(study);
}

test('something is kept', () => {
  expect(versions).toContain('v0.1');
});

describe.each(versions)('%s', (version) => {
  test('speaks a part of today’s wire: no message, field, number, type or method has changed or gone', () => {
    expect(missing(wireOf(join(here, version, 'proto')), wireOf(proto))).toEqual([]);
  });

  test.each(readdirSync(join(here, version, 'vectors')))('keeps every figure of %s', (name) => {
    expect(missing(readJson(version, 'vectors', name), readJson('..', 'vectors', name))).toEqual([]);
  });

  describe('on an empty database', () => {
    beforeAll(async () => {
      db = connect({ url: await postgres.createDatabase() });
      await migrate(db);
      coordinator = await CompatCoordinator.start(db);
      workers = await startWorkers(version, coordinator, SLOTS);
    });
    afterAll(close);

    test('its workers take part in every round of a study, and hold a receipt for each', async () => {
      const study = await coordinator.run('b3');
      const shown = await finish(study);
      expect(shown).toMatchObject({ state: 'closed', completed: 2 });
      expect(shown.attempts.map(({ outcome, tasks }) => [outcome, tasks.map(({ state }) => state)])).toEqual([
        [1, ['accepted', 'accepted', 'accepted']],
        [1, ['accepted', 'accepted', 'accepted']],
      ]);
      expect(await workers?.stop()).toEqual([
        [1, 2],
        [1, 2],
        [1, 2],
      ]);
    });
  });

  describe('its database', () => {
    const kept = readJson<[StudyDetail, StudyDetail]>(version, 'studies.json');
    const [finished, running] = kept;

    beforeAll(async () => {
      const url = await postgres.createDatabase();
      const script = readFileSync(join(here, version, 'database.sql'), 'utf8');
      await restore(url, `${script}${FROM_A_BUSIER_CLUSTER}`);
      db = connect({ url });
      await migrate(db);
      const files = Object.entries(readJson<Record<string, string>>(version, 'files.json'));
      const bytes = files.map(([name, base64]) => [name, Buffer.from(base64, 'base64')]);
      coordinator = await CompatCoordinator.start(db, Object.fromEntries(bytes));
    });
    afterAll(close);

    test('is migrated from there, and its studies read as they did', async () => {
      const [list, ...shown] = [
        await coordinator.studies.list(),
        await coordinator.studies.show(finished.id),
        await coordinator.studies.show(running.id),
      ];
      expect(list.map(({ id, state }) => [id, state]).sort()).toEqual(
        [
          [finished.id, 'closed'],
          [running.id, 'running'],
        ].sort(),
      );
      expect(missing(kept, shown)).toEqual([]);
    });

    test('tells all its events, though they bear transaction numbers of another server', async () => {
      const events = await coordinator.studies.events(finished.id, 0, 1000);
      const { rows } = await db
        .selectFrom('events')
        .select((builder) => builder.fn.countAll<number>().as('rows'))
        .where('study', '=', finished.id)
        .executeTakeFirstOrThrow();
      expect(events).toHaveLength(rows);
      expect(rows).toBeGreaterThan(5);
    });

    test('holds a study that is under way, which its workers finish', async () => {
      workers = await startWorkers(version, coordinator, SLOTS);
      const shown = await finish(running.id);
      expect(shown).toMatchObject({ state: 'closed', completed: 2 });
      expect(shown.attempts.map(({ base }) => base)).toEqual(running.attempts.map(({ base }) => base));
      expect(await workers.stop()).toEqual([[], [2], [2]]);
      expect(await coordinator.studies.show(finished.id)).toMatchObject({ state: 'closed', model: finished.model });
    });
  });
});

async function close(): Promise<void> {
  await workers?.stop().catch(() => undefined);
  workers = null;
  await coordinator.close();
  await db.destroy();
}

async function restore(url: string, script: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(script);
  } finally {
    await client.end();
  }
}

describe('an incompatible change', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'syndic-compat-proto-'));
  });
  afterEach(() => cp(proto, folder, { recursive: true, force: true }));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function changed(file: string, from: string, to: string): Promise<string[]> {
    await cp(join(proto, 'syndic'), join(folder, 'syndic'), { recursive: true, force: true });
    const path = join(folder, 'syndic/v1', file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
    return missing(wireOf(join(here, 'v0.1/proto')), wireOf(folder));
  }

  test.each([
    [
      'a number',
      'session.proto',
      'uint32 slot = 4',
      'uint32 slot = 14',
      ['messages.syndic.v1.HelloRequest.slot.number'],
    ],
    ['a type', 'tasks.proto', 'uint32 round = 4', 'uint64 round = 4', ['messages.syndic.v1.Task.round.type']],
    ['a name', 'transfer.proto', 'bytes report = 3', 'bytes tale = 3', ['messages.syndic.v1.UploadBegin.report']],
    [
      'a label',
      'session.proto',
      'string software = 2',
      'repeated string software = 2',
      ['messages.syndic.v1.HelloRequest.software.label'],
    ],
    [
      'the message of a field',
      'transfer.proto',
      'Chunk chunk = 2',
      'UploadBegin chunk = 2',
      ['messages.syndic.v1.UploadRequest.chunk.of'],
    ],
    [
      'a method’s stream',
      'tasks.proto',
      'returns (stream TaskEvent)',
      'returns (TaskEvent)',
      ['services.syndic.v1.TaskService.Watch.responseStream'],
    ],
    ['a method’s name', 'session.proto', 'rpc Logout(', 'rpc Leave(', ['services.syndic.v1.SessionService.Logout']],
  ])('of %s is found', async (_, file, from, to, found) => {
    expect(await changed(file, from, to)).toEqual(found);
  });

  test('is none when a field, a message or a method is added', async () => {
    const more = 'message More { string of = 1; }\nmessage LogoutRequest { More more = 9; }';
    expect(await changed('session.proto', 'message LogoutRequest {}', more)).toEqual([]);
    const call = 'rpc Another(LogoutRequest) returns (LogoutResponse);\n  rpc Logout(';
    expect(await changed('session.proto', 'rpc Logout(', call)).toEqual([]);
  });

  test('of a kept figure is found, and an added one is none', () => {
    expect(missing({ cases: [{ name: 'a', value: 1 }] }, { cases: [{ name: 'a', value: 2 }] })).toEqual(['cases[0]']);
    expect(missing({ cases: [{ name: 'a' }] }, { cases: [{ name: 'b' }, { name: 'a', more: 1 }], more: 1 })).toEqual(
      [],
    );
    expect(missing({ a: { b: [] } }, { a: {} })).toEqual(['a.b']);
    expect(missing({ a: { b: 1 } }, { a: [1] })).toEqual(['a']);
    expect(missing({ a: null }, {})).toEqual(['a']);
  });
});

test('a dump makes the same database again: schema, rows and counters', async () => {
  const script = readFileSync(join(here, 'v0.1/database.sql'), 'utf8');
  const url = await postgres.createDatabase();
  await restore(url, script);
  expect(await dump(url)).toBe(script);
});
