import type { Slot } from '../../core/values.ts';
import type { Context } from './context.ts';
import { type Tx, tell, transition } from './move.sql.ts';
import type { RoundRow } from './rows.sql.ts';

/**
 * Notes that these members may hold receipts for a round which this database does not know.
 *
 * @returns those of whom that was not known
 */
export async function awaitReceipts(
  tx: Tx,
  { study, round }: Pick<RoundRow, 'study' | 'round'>,
  slots: readonly Slot[],
): Promise<Slot[]> {
  if (slots.length === 0) return [];
  const known = await tx
    .selectFrom('awaited')
    .select('slot')
    .where('study', '=', study)
    .where('round', '=', round)
    .execute();
  await tx
    .insertInto('awaited')
    .values(slots.map((slot) => ({ study, round, slot, update: null, until: null })))
    .onConflict((conflict) => conflict.columns(['study', 'round', 'slot']).doUpdateSet({ until: null }))
    .execute();
  return slots.filter((slot) => !known.some((row) => row.slot === slot));
}

/**
 * Seconds for which a round still waits for what members may hold of it; null: for nothing any more. Whoever has not
 * come by then is given up, on record.
 */
export async function secondsAwaited(context: Context, { study, round }: RoundRow): Promise<number | null> {
  const { db, clock, options } = context;
  const of = () => db.selectFrom('awaited').where('study', '=', study).where('round', '=', round);
  if ((await of().select('slot').executeTakeFirst()) === undefined) return null;
  const now = clock.now();
  await db
    .updateTable('awaited')
    .set({ until: now + options.presentSeconds })
    .where('study', '=', study)
    .where('round', '=', round)
    .where('until', 'is', null)
    .execute();
  const { until } = await of()
    .select(({ fn }) => fn.max('until').as('until'))
    .executeTakeFirstOrThrow();
  if (until !== null && now <= until) return until + 1 - now;
  await giveUp(context, { study, round });
  return null;
}

async function giveUp(context: Context, { study, round }: Pick<RoundRow, 'study' | 'round'>): Promise<void> {
  await transition(context, 'round.given_up', async (tx) => {
    const missing = await tx
      .deleteFrom('awaited')
      .where('study', '=', study)
      .where('round', '=', round)
      .returning(['slot', 'update'])
      .execute();
    for (const { slot, update } of missing) {
      const type = update === null ? 'receipts.given_up' : 'update.given_up';
      await tell(tx, context, { study, round, slot, type, data: { update } });
    }
  });
}
