import type { Transaction, Updateable } from 'kysely';
import type { RoundsTable, Schema, StudiesTable } from '../db/schema.ts';
import { noteMove, transact } from '../db/transact.ts';
import type { Context } from './context.ts';
import type { RoundRow, StudyRow } from './rows.sql.ts';
import { nextState, ROUND, type RoundEventName, STUDY, type StudyEventName } from './tables.ts';

export type Tx = Transaction<Schema>;
export type StudyChange = Updateable<StudiesTable>;

/** Something that happened, for people and programs that watch a study. */
export interface Fact {
  readonly study: string;
  readonly round?: number;
  readonly slot?: number;
  /** Such as `round.closed`. */
  readonly type: string;
  readonly data?: object;
}

/** What a transaction has told so far: it goes to the log once it is true. */
const factsOf = new WeakMap<Tx, Fact[]>();

/** Thrown inside a transition when its guard misses: somebody else was faster, and nothing is written. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/**
 * One transition: everything that `work` writes, or nothing.
 *
 * @param point what the commit made true, such as `round.closed`
 * @returns false when somebody else was faster
 */
export async function transition(
  context: Pick<Context, 'db' | 'log' | 'crash'>,
  point: string,
  work: (tx: Tx) => Promise<void>,
): Promise<boolean> {
  let told: readonly Fact[] = [];
  try {
    told = await transact(context, async (tx) => {
      await work(tx);
      return factsOf.get(tx) ?? [];
    });
  } catch (error) {
    if (error instanceof Overtaken) return false;
    throw error;
  }
  context.crash?.(point);
  for (const { type, ...facts } of told) context.log.info(facts, type);
  return true;
}

/** Gives the transition up. */
export function overtaken(): never {
  throw new Overtaken('another process was faster');
}

/** Moves a study on if it still is as it was read. */
export async function moveStudy(
  tx: Tx,
  study: StudyRow,
  event: StudyEventName,
  change: StudyChange = {},
): Promise<void> {
  const moved = await tx
    .updateTable('studies')
    .set({ ...change, state: nextState(STUDY, study.state, event) })
    .where('id', '=', study.id)
    .where('state', '=', study.state)
    .executeTakeFirst();
  if (moved.numUpdatedRows !== 1n) overtaken();
  noteMove(tx, 'study', study.state, event);
}

/** Moves a round on if it still is as it was read. Waits for uploads that are being accepted this instant. */
export async function moveRound(
  tx: Tx,
  round: RoundRow,
  event: RoundEventName,
  change: Updateable<RoundsTable> = {},
): Promise<void> {
  const moved = await tx
    .updateTable('rounds')
    .set({ ...change, state: nextState(ROUND, round.state, event) })
    .where('study', '=', round.study)
    .where('round', '=', round.round)
    .where('state', '=', round.state)
    .executeTakeFirst();
  if (moved.numUpdatedRows !== 1n) overtaken();
  noteMove(tx, 'round', round.state, event);
}

export async function tell(tx: Tx, { clock }: Pick<Context, 'clock'>, fact: Fact): Promise<void> {
  const { study, round = null, slot = null, type, data = {} } = fact;
  factsOf.set(tx, [...(factsOf.get(tx) ?? []), fact]);
  await tx
    .insertInto('events')
    .values({ at: clock.now(), study, round, slot, type, data: JSON.stringify(data) })
    .execute();
}
