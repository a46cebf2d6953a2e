import { OUTCOME } from '../../../core/statements/entries.ts';
import type { ChainStudy } from '../../chain/port.ts';
import { awaitReceipts } from '../awaited.sql.ts';
import { type Tx, tell, transition } from '../move.sql.ts';
import { type RoundRow, requireStudy, roundsOf, tasksOf } from '../rows.sql.ts';
import type { RecoveryContext } from './context.ts';

/**
 * The round after the last record may have been open, with receipts given for it: it is opened under its number, and
 * waits for what members present before anything is offered or closed.
 *
 * @returns its number; null when no round can have been open
 */
export async function reopenRound(context: RecoveryContext, chain: ChainStudy): Promise<number | null> {
  const { id } = chain;
  if (chain.outcome !== 0 || !chain.started) return null;
  const study = await requireStudy(context.db, id);
  const rounds = await roundsOf(context.db, id);
  const underWay = rounds.find(({ state }) => state !== 'anchored');
  const plan = await context.plan(study.plan);
  const completed = rounds.filter(({ outcome }) => outcome === OUTCOME.COMPLETED).length;
  if (underWay === undefined && (completed >= plan.rounds || rounds.length >= plan.maxAttempts)) return null;
  const round = underWay?.round ?? chain.lastRound + 1;
  // Once a round closed, nothing was promised for it any more.
  if (underWay !== undefined && underWay.state !== 'open' && underWay.state !== 'collecting') return round;
  const roster = await context.chain.roster(id);
  await transition(context, 'round.reopened', async (tx) => {
    if (underWay === undefined)
      await insertRound(tx, context.clock.now(), { study: id, round, base_model: chain.model });
    const tasks = await tasksOf(tx, { study: id, round });
    const known = tasks.filter(({ state }) => state === 'accepted').map(({ slot }) => slot);
    const slots = roster.filter((slot) => !known.includes(slot));
    const awaited = await awaitReceipts(tx, { study: id, round }, slots);
    if (underWay !== undefined && awaited.length === 0) return;
    await tell(tx, context, { study: id, round, type: 'round.reopened', data: { base: chain.model, awaited } });
  });
  return round;
}

/** Its times are set when it is offered, or by the first receipt that is presented. */
async function insertRound(
  tx: Tx,
  now: number,
  round: Pick<RoundRow, 'study' | 'round' | 'base_model'>,
): Promise<void> {
  const times = { opened: now, deadline: now, record_by: now };
  const blank = { closed: null, outcome: null, global_model: null, manifest: null, transaction: null, block: null };
  await tx
    .insertInto('rounds')
    .values({ ...round, ...times, ...blank, state: 'open' })
    .execute();
}
