import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { StudyId } from '../../core/values.ts';
import type { RoundState } from '../db/schema.ts';
import { stepClosing } from './close.ts';
import { stepCollecting } from './closeRound.ts';
import type { Context } from './context.ts';
import { decideRound } from './decide.ts';
import { stepOpen, stepOpening, stepStarting } from './opening.ts';
import { nextRound, offerTasks } from './openRound.ts';
import { recordRound, stepRecorded } from './record.ts';
import { findStudy, positionOf, type RoundRow, roundsOf, type StudyRow } from './rows.sql.ts';
import { idle, type Step } from './Step.ts';

/** More steps than any study takes at once: beyond it, something goes in circles. */
const MOST_STEPS = 1000;

/** Moves a study on until nothing moves, then asks to be woken when something may. @returns whether anything moved */
export async function advance(context: Context, id: StudyId): Promise<boolean> {
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const step = await stepSurely(context, id);
    if (step === 'moved') continue;
    if (step.wait !== null) await context.queue.wake(id, step.wait);
    return steps > 0;
  }
  throw new RangeError(`study ${id} moved ${MOST_STEPS} times without coming to rest`);
}

/**
 * A step reads the database first and the chain after it. When another process takes the study on in between, the chain
 * is ahead of what was read, not of the database: then the database has moved by now.
 */
async function stepSurely(context: Context, id: StudyId): Promise<Step> {
  const before = await positionOf(context.db, id);
  try {
    return await stepOnce(context, id);
  } catch (error) {
    if (!(error instanceof SyndicError) || error.code !== 'CHAIN_AHEAD') throw error;
    if ((await positionOf(context.db, id)) === before) throw error;
    return 'moved';
  }
}

async function stepOnce(context: Context, id: StudyId): Promise<Step> {
  const study = await findStudy(context.db, id);
  if (study === null) return idle;
  switch (study.state) {
    case 'opening':
      return stepOpening(context, study);
    case 'open':
      return stepOpen(context, study);
    case 'starting':
      return stepStarting(context, study);
    case 'running':
      return stepRunning(context, study);
    case 'closing':
      return stepClosing(context, study);
    case 'closed':
      return idle;
  }
}

async function stepRunning(context: Context, study: StudyRow): Promise<Step> {
  const rounds = await roundsOf(context.db, study.id);
  const last = rounds.at(-1);
  if (last === undefined || last.state === 'anchored') return nextRound(context, study, rounds);
  return context.traces.span(
    DOING[last.state],
    last,
    () => stepRound(context, study, last),
    (step) => step === 'moved',
  );
}

/** What a step of a round in each state does, as its trace calls it. */
const DOING: Readonly<Record<RoundState, string>> = {
  open: 'offer',
  collecting: 'close',
  closed: 'aggregate',
  aggregated: 'record',
  recorded: 'anchor',
  anchored: 'rest',
};

async function stepRound(context: Context, study: StudyRow, round: RoundRow): Promise<Step> {
  switch (round.state) {
    case 'open':
      return offerTasks(context, study, round);
    case 'collecting':
      return stepCollecting(context, study, round);
    case 'closed':
      return decideRound(context, study, round);
    case 'aggregated':
      return recordRound(context, study, round);
    case 'recorded':
      return stepRecorded(context, study, round);
    case 'anchored':
      return idle;
  }
}
