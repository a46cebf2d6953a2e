import { sql } from 'kysely';
import type { Instant } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { RoundState, StudyState, TaskState, UploadState } from '../db/schema.ts';

/** Where everything stands, as the database has it. Ages are whole seconds, 0 where there is nothing to be old. */
export interface State {
  readonly studies: readonly { readonly state: StudyState; readonly count: number }[];
  /** Rounds under way. */
  readonly rounds: readonly { readonly state: RoundState; readonly count: number }[];
  /** Rounds whose record is final. */
  readonly anchored: readonly { readonly outcome: number; readonly count: number }[];
  readonly pressing: Pressing;
  /** Tasks of rounds under way. */
  readonly tasks: readonly { slot: number; state: TaskState; count: number; lapsed: number }[];
  /** Unfinished messages, and those that the ledger refused and nobody renewed. */
  readonly outbox: readonly { readonly state: string; readonly count: number; readonly age: number }[];
  readonly uploads: readonly { readonly state: UploadState; readonly count: number; readonly bytes: number }[];
  readonly sessions: readonly { readonly role: string; readonly count: number }[];
  /** Rounds by outcome and by how long they took: from opening to the close, and to the final record. */
  readonly durations: readonly { outcome: number; collecting: number; whole: number; count: number }[];
}

export interface Pressing {
  /** Since the oldest deadline that passed without its round being closed. */
  readonly overdue: number;
  /** Since the oldest round closed whose record is not final. */
  readonly unanchored: number;
  /** The earliest time by which a record of a round under way must be final; null when no round is. */
  readonly recordDue: number | null;
}

/** One query after the other: who watches must not take the pool from those who work. */
export async function readState(db: Database, now: Instant): Promise<State> {
  const { rounds, anchored } = await roundStates(db);
  return {
    studies: await db.selectFrom('studies').select(['state', COUNT]).groupBy('state').execute(),
    rounds,
    anchored,
    pressing: await pressingOf(db, now),
    tasks: await tasksUnderWay(db, now),
    outbox: await outboxStates(db, now),
    uploads: await db
      .selectFrom('uploads')
      .select(['state', COUNT, sql<number>`sum(length)::bigint`.as('bytes')])
      .groupBy('state')
      .execute(),
    sessions: await db
      .selectFrom('sessions')
      .select(['role', COUNT])
      .where('expires', '>', now)
      .groupBy('role')
      .execute(),
    durations: await durationsOf(db),
  };
}

const COUNT = sql<number>`count(*)`.as('count');

async function roundStates(db: Database): Promise<Pick<State, 'rounds' | 'anchored'>> {
  const rows = await db
    .selectFrom('rounds')
    .select(['state', 'outcome', COUNT])
    .groupBy(['state', 'outcome'])
    .execute();
  const under = new Map<RoundState, number>();
  for (const { state, count } of rows) {
    if (state !== 'anchored') under.set(state, (under.get(state) ?? 0) + count);
  }
  return {
    rounds: [...under].map(([state, count]) => ({ state, count })),
    anchored: rows.flatMap(({ state, outcome, count }) =>
      state === 'anchored' && outcome !== null ? [{ outcome, count }] : [],
    ),
  };
}

async function pressingOf(db: Database, now: Instant): Promise<Pressing> {
  const { rows } = await sql<{ deadline: number | null; closed: number | null; record_by: number | null }>`
    SELECT min(deadline) FILTER (WHERE closed IS NULL) AS deadline, min(closed) AS closed, min(record_by) AS record_by
    FROM rounds WHERE state <> 'anchored'`.execute(db);
  const { deadline = null, closed = null, record_by: recordDue = null } = rows[0] ?? {};
  return { overdue: since(deadline, now), unanchored: since(closed, now), recordDue };
}

async function tasksUnderWay(db: Database, now: Instant): Promise<State['tasks']> {
  return await db
    .selectFrom('tasks')
    .innerJoin('rounds', (join) =>
      join.onRef('rounds.study', '=', 'tasks.study').onRef('rounds.round', '=', 'tasks.round'),
    )
    .select(['tasks.slot', 'tasks.state', COUNT])
    .select(sql<number>`count(*) FILTER (WHERE tasks.state = 'leased' AND tasks.lease_until < ${now})`.as('lapsed'))
    .where('rounds.state', '<>', 'anchored')
    .groupBy(['tasks.slot', 'tasks.state'])
    .execute();
}

async function outboxStates(db: Database, now: Instant): Promise<State['outbox']> {
  const rows = await db
    .selectFrom('outbox')
    .select(['state', COUNT, ({ fn }) => fn.min<number>('created').as('oldest')])
    .where('state', '<>', 'final')
    .groupBy('state')
    .execute();
  return rows.map(({ state, count, oldest }) => ({ state, count, age: since(oldest, now) }));
}

/** When a record became final stands in its row of the outbox, which no longer changes then. */
async function durationsOf(db: Database): Promise<State['durations']> {
  const { rows } = await sql<{ outcome: number; collecting: number; whole: number; count: number }>`
    SELECT r.outcome, r.closed - r.opened AS collecting, o.updated - r.opened AS whole, count(*) AS count
    FROM rounds r JOIN outbox o ON o.study = r.study AND o.kind = 'record' AND o.round = r.round AND o.state = 'final'
    WHERE r.state = 'anchored' AND r.closed IS NOT NULL
    GROUP BY 1, 2, 3`.execute(db);
  return rows;
}

function since(then: number | null, now: number): number {
  return then === null ? 0 : Math.max(0, now - then);
}
