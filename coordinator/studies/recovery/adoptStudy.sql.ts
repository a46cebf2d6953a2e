import { digest } from '../../../core/values.ts';
import type { ChainStudy } from '../../chain/port.ts';
import { moveStudy, type Tx, tell, transition } from '../move.sql.ts';
import type { StudyRow } from '../rows.sql.ts';
import type { StudyEventName } from '../tables.ts';
import type { RecoveryContext } from './context.ts';

/** Writes a study that the database lacks. It is closed only when its rounds are there. @returns its name */
export async function adoptStudy(context: RecoveryContext, chain: ChainStudy): Promise<string> {
  const { name } = await context.plan(chain.plan);
  const salt = await context.chain.salt(chain.id);
  if (salt === null) throw new RangeError(`study ${chain.id} stands in the ledger and no event opened it`);
  await transition(context, 'study.adopted', async (tx) => {
    const { id, plan, initialModel, operator, coordinator, minIncluded, started, openedAt } = chain;
    const inserted = await tx
      .insertInto('studies')
      .values({
        ...{ id, plan, name, operator, coordinator, salt },
        initial_model: initialModel,
        model: initialModel,
        min_included: minIncluded,
        state: started ? 'running' : 'open',
        abort_reason: null,
        start_ordered_by: null,
        outcome: null,
        opened_at: openedAt,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n) return;
    await tell(tx, context, { study: id, type: 'study.adopted', data: { started } });
  });
  return name;
}

/** Moves a study to where the ledger has it by now. */
export async function settleStudy(context: RecoveryContext, { id, started, outcome }: ChainStudy): Promise<void> {
  await transition(context, 'study.adopted', async (tx) => {
    const move = async (event: StudyEventName, from: readonly StudyRow['state'][], change = {}) => {
      const study = await tx.selectFrom('studies').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
      if (!from.includes(study.state)) return;
      await moveStudy(tx, study, event, change);
      // However it came to be closed, this says since when: what is kept for a time after counts from it.
      const type = event === 'adopted' ? 'study.closed' : `study.${event}`;
      await tell(tx, context, { study: id, type, data: { recovered: true, ...change } });
    };
    await move('opened', ['opening']);
    if (started) await move('started', ['open', 'starting']);
    if (outcome !== 0) await move('adopted', ['open', 'starting', 'running', 'closing'], { outcome });
  });
}

/** The next round's base, as the record of the last one has it. */
export async function setModel(tx: Tx, study: string, model: string): Promise<void> {
  await tx
    .updateTable('studies')
    .set({ model: digest(model) })
    .where('id', '=', study)
    .execute();
}
