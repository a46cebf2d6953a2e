import { sql } from 'kysely';
import { OUTCOME } from '../../core/statements/entries.ts';
import { address, type Digest, digest, instant, round, type StudyId, slot } from '../../core/values.ts';
import type { Context } from './context.ts';
import type { RoundDetail, StudyDetail, StudyEvent, StudySummary, TaskDetail } from './port.ts';
import { type RoundRow, requireStudy, roundsOf, type StudyRow, type TaskRow } from './rows.sql.ts';

export async function unfinished({ db }: Context): Promise<StudyId[]> {
  const rows = await db.selectFrom('studies').select('id').where('state', '<>', 'closed').orderBy('id').execute();
  return rows.map(({ id }) => digest(id));
}

/** Every study, newest first. */
export async function list(context: Context): Promise<StudySummary[]> {
  const studies = await context.db
    .selectFrom('studies')
    .selectAll()
    .orderBy('opened_at', 'desc')
    .orderBy('id')
    .execute();
  const counts = await context.db
    .selectFrom('rounds')
    .select(['study', ({ fn }) => fn.countAll<number>().as('completed')])
    .where('state', '=', 'anchored')
    .where('outcome', '=', OUTCOME.COMPLETED)
    .groupBy('study')
    .execute();
  const completed = new Map(counts.map((row) => [row.study, row.completed]));
  return Promise.all(studies.map((study) => summaryOf(context, study, completed.get(study.id) ?? 0)));
}

/** @throws SyndicError NOT_FOUND */
export async function show(context: Context, id: StudyId): Promise<StudyDetail> {
  const study = await requireStudy(context.db, id);
  const rounds = await roundsOf(context.db, id);
  const tasks = await context.db
    .selectFrom('tasks')
    .selectAll()
    .where('study', '=', id)
    .orderBy('round')
    .orderBy('slot')
    .execute();
  const completed = rounds.filter(({ state, outcome }) => state === 'anchored' && outcome === OUTCOME.COMPLETED);
  return {
    ...(await summaryOf(context, study, completed.length)),
    coordinator: address(study.coordinator),
    minIncluded: study.min_included,
    initialModel: digest(study.initial_model),
    model: digest(study.model),
    attempts: rounds.map((row) =>
      roundOf(
        row,
        tasks.filter((task) => task.round === row.round),
      ),
    ),
  };
}

/** @param after id of the last event known; 0: from the first */
export async function events({ db }: Context, study: StudyId, after: number, limit: number): Promise<StudyEvent[]> {
  const rows = await db
    .selectFrom('events')
    .select(['id', 'at', 'round', 'slot', 'type', 'data'])
    .where('study', '=', study)
    .where('id', '>', after)
    // Ids are given before commits: an event is told only when none with a smaller id can still appear. A transaction
    // that this server has not come to yet is another's, from which the database was restored: long over.
    .where(
      sql<boolean>`(transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        OR transaction_id >= pg_snapshot_xmax(pg_current_snapshot()))`,
    )
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, at: instant(row.at), study }));
}

async function summaryOf(context: Context, study: StudyRow, completed: number): Promise<StudySummary> {
  return {
    id: digest(study.id),
    name: study.name,
    state: study.state,
    paused: study.paused,
    plan: digest(study.plan),
    operator: address(study.operator),
    completed,
    rounds: (await context.plan(study.plan)).rounds,
    openedAt: instant(study.opened_at),
  };
}

function roundOf(row: RoundRow, tasks: readonly TaskRow[]): RoundDetail {
  return {
    round: round(row.round),
    state: row.state,
    outcome: row.outcome,
    base: digest(row.base_model),
    global: orNull(row.global_model),
    manifest: orNull(row.manifest),
    transaction: orNull(row.transaction),
    block: row.block,
    opened: instant(row.opened),
    deadline: instant(row.deadline),
    closed: row.closed === null ? null : instant(row.closed),
    tasks: tasks.map(taskOf),
  };
}

function taskOf(row: TaskRow): TaskDetail {
  return {
    slot: slot(row.slot),
    state: row.state,
    phase: row.phase,
    done: row.done,
    total: row.total,
    update: orNull(row.update),
    samples: row.samples,
    metrics: metricsOf(row.metrics),
    refusal: row.refusal_code === null ? null : { code: row.refusal_code, message: row.refusal_message ?? '' },
  };
}

function metricsOf(stored: unknown): TaskDetail['metrics'] {
  if (typeof stored !== 'object' || stored === null || !('before' in stored) || !('after' in stored)) return null;
  return { before: stored.before, after: stored.after };
}

function orNull(text: string | null): Digest | null {
  return text === null ? null : digest(text);
}
