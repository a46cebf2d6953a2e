import { randomBytes } from 'node:crypto';
import { OUTCOME } from '../../core/statements/entries.ts';
import { digest, type Slot } from '../../core/values.ts';
import { secondsAwaited } from './awaited.sql.ts';
import { inStep } from './chainAhead.ts';
import { end } from './close.ts';
import { closeRound } from './closeRound.ts';
import type { Context } from './context.ts';
import { inParallel } from './inParallel.ts';
import { moveRound, overtaken, type Tx, tell, transition } from './move.sql.ts';
import { type RoundRow, type StudyRow, tasksOf } from './rows.sql.ts';
import { idle, poll, type Step } from './Step.ts';
import { standing } from './standing.ts';

/** Longest pause after failed rounds; the first is a second, each further one twice that. */
const LONGEST_PAUSE_SECONDS = 600;

/** No round is under way: opens the next on the last one's model, or ends the study. */
export async function nextRound(context: Context, study: StudyRow, rounds: readonly RoundRow[]): Promise<Step> {
  const plan = await context.plan(study.plan);
  const completed = rounds.filter(({ outcome }) => outcome === OUTCOME.COMPLETED).length;
  if (completed >= plan.rounds) return end(context, study, OUTCOME.COMPLETED, 'all rounds are completed');
  if (study.abort_reason !== null) return end(context, study, OUTCOME.ABORTED, study.abort_reason);
  if (rounds.length >= plan.maxAttempts) {
    return end(context, study, OUTCOME.FAILED, `${rounds.length} rounds were tried, ${completed} completed`);
  }
  if (study.paused) return idle;
  const pause = pauseAfterFailures(rounds, context.clock.now());
  if (pause > 0) return { wait: pause };
  const onChain = await context.chain.study(digest(study.id));
  if (inStep(study, onChain, rounds.length) === null) return poll(context);
  const times = timesFrom(context.clock.now(), plan);
  await transition(context, 'round.open', async (tx) => {
    await lockUnchanged(tx, study);
    const round = rounds.length + 1;
    await insertRound(tx, { study: study.id, round, base_model: study.model, ...times });
    await tell(tx, context, { study: study.id, round, type: 'round.open', data: { base: study.model } });
  });
  return 'moved';
}

/** A study whose members cannot answer must not use its attempts up within seconds. */
function pauseAfterFailures(rounds: readonly RoundRow[], now: number): number {
  const last = rounds.at(-1);
  const failures = rounds.length - 1 - rounds.findLastIndex(({ outcome }) => outcome === OUTCOME.COMPLETED);
  if (last === undefined || failures === 0) return 0;
  const pause = Math.min(2 ** (failures - 1), LONGEST_PAUSE_SECONDS);
  return Math.max(0, (last.closed ?? last.deadline) + pause - now);
}

/** open → collecting: every slot on the roster that may work gets a task, and the round's clock starts. */
export async function offerTasks(context: Context, study: StudyRow, round: RoundRow): Promise<Step> {
  const awaited = await secondsAwaited(context, round);
  if (awaited !== null) return { wait: awaited };
  if (study.abort_reason !== null) return closeRound(context, study, round);
  const id = digest(study.id);
  const plan = await context.plan(study.plan);
  const onChain = await context.chain.study(id);
  if (inStep(study, onChain, round.round - 1) === null) return poll(context);
  const roster = await context.chain.roster(id);
  const standings = await inParallel(roster, (slot) => standing(context, id, slot));
  const good = roster.filter((_, i) => standings[i] === 'good');
  await transition(context, 'round.collecting', async (tx) => {
    const presented = await lockPresented(tx, round);
    const slots = good.filter((slot) => !presented.slots.includes(slot));
    const times = presented.times ?? timesFrom(context.clock.now(), plan);
    await moveRound(tx, round, 'offered', times);
    await insertTasks(tx, round, slots);
    const data = { roster, slots, deadline: times.deadline, recordBy: times.record_by };
    await tell(tx, context, { study: id, round: round.round, type: 'round.collecting', data });
  });
  return 'moved';
}

function timesFrom(now: number, plan: { roundSeconds: number; recordWithin: number }) {
  const deadline = now + plan.roundSeconds;
  return { opened: now, deadline, record_by: deadline + plan.recordWithin };
}

/** Receipts presented after a loss: whose they are, and the times of the round as it was opened before. */
async function lockPresented(tx: Tx, { study, round }: RoundRow) {
  const times = await tx
    .selectFrom('rounds')
    .select(['opened', 'deadline', 'record_by'])
    .where('study', '=', study)
    .where('round', '=', round)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const slots = (await tasksOf(tx, { study, round })).map((task) => task.slot);
  return { slots, times: slots.length > 0 ? times : null };
}

async function lockUnchanged(tx: Tx, { id, model }: StudyRow): Promise<void> {
  const same = await tx
    .selectFrom('studies')
    .select('id')
    .where('id', '=', id)
    .where('state', '=', 'running')
    .where('model', '=', model)
    .where('paused', '=', false)
    .where('abort_reason', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (same === undefined) overtaken();
}

type NewRound = Pick<RoundRow, 'study' | 'round' | 'base_model' | 'opened' | 'deadline' | 'record_by'>;

async function insertRound(tx: Tx, round: NewRound): Promise<void> {
  const blank = { closed: null, outcome: null, global_model: null, manifest: null, transaction: null, block: null };
  const inserted = await tx
    .insertInto('rounds')
    .values({ ...round, ...blank, state: 'open' })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n) overtaken();
}

async function insertTasks(tx: Tx, { study, round }: RoundRow, slots: readonly Slot[]): Promise<void> {
  if (slots.length === 0) return;
  const blank = { lease_until: null, phase: null, refusal_code: null, refusal_message: null, metrics: null };
  const undone = { update: null, samples: null, statement: null, report: null, receipt: null };
  const tasks = slots.map((slot) => {
    const id = randomBytes(16).toString('hex');
    return { ...blank, ...undone, id, study, round, slot, kind: 'train', state: 'offered' as const };
  });
  await tx.insertInto('tasks').values(tasks).execute();
}
