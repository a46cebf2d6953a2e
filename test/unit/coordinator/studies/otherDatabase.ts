import { afterAll, beforeAll } from '@jest/globals';
import { sql } from 'kysely';
import type { Database } from '../../../../coordinator/db/connect.ts';
import type { StudyDetail } from '../../../../coordinator/studies/port.ts';
import { type StudyId, slot } from '../../../../core/values.ts';
import { testDatabase } from '../../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import type { Rig } from '../../../support/studies/rig.ts';

let postgres: TestPostgres;
let other: Database;

/** To be called by a file whose tests recover into another database than the rig's. */
export function useOtherDatabase(): void {
  beforeAll(async () => {
    postgres = await startPostgres();
    other = await testDatabase(postgres);
  });
  afterAll(async () => {
    await other?.destroy();
    await postgres?.stop();
  });
}

/** The one that is recovered into, migrated and without a row. */
export async function emptyDatabase(): Promise<Database> {
  await sql`ALTER TABLE events DISABLE TRIGGER USER`.execute(other);
  const children = ['awaited', 'uploads', 'tasks', 'rounds', 'studies'] as const;
  for (const table of [...children, 'outbox', 'events', 'sessions', 'nonces'] as const) {
    await other.deleteFrom(table).execute();
  }
  await sql`ALTER TABLE events ENABLE TRIGGER USER`.execute(other);
  return other;
}

/** What a dump of the rig's database holds just now. */
export async function copyOf(rig: Rig): Promise<Database> {
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
export async function midRound(rig: Rig): Promise<StudyId> {
  const study = await rig.running();
  for (const _ of [1, 2]) {
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
  }
  await rig.deliver(1);
  return study;
}

export const threeRounds = { plan: [['rounds', 3]] } as const;

/** Everything but what only the lost database's clocks and counters knew. */
export function lasting({ openedAt, attempts, ...study }: StudyDetail) {
  return { ...study, attempts: attempts.map(({ transaction, block, ...attempt }) => attempt) };
}

export const slots = (numbers: readonly number[]) => numbers.map((of) => slot(of));
