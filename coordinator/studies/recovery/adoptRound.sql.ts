import type { Manifest } from '../../../core/manifest/Manifest.ts';
import type { ChainRound, ChainStudy } from '../../chain/port.ts';
import { moveRound, type Tx, tell, transition } from '../move.sql.ts';
import type { RoundRow } from '../rows.sql.ts';
import { setModel } from './adoptStudy.sql.ts';
import { adoptTasks, recordedTasks } from './adoptTasks.sql.ts';
import type { RecoveryContext } from './context.ts';
import { readManifest } from './readManifest.ts';

/** Writes a recorded round with its members' receipts: what the record leaves out, its manifest says. */
export async function adoptRound(context: RecoveryContext, study: ChainStudy, record: ChainRound): Promise<void> {
  const manifest = await readManifest(context, record);
  const { recordWithin } = await context.plan(study.plan);
  const tasks = await recordedTasks(context, record, manifest);
  await transition(context, 'round.adopted', async (tx) => {
    const of = { study: study.id, round: record.round };
    await writeRound(tx, of, valuesOf(record, manifest, recordWithin));
    await adoptTasks(tx, of, tasks);
    await tx.deleteFrom('awaited').where('study', '=', of.study).where('round', '=', of.round).execute();
    await setModel(tx, study.id, record.globalModel);
    const { outcome, globalModel: global, transaction } = record;
    const data = { outcome, global, transaction, block: record.block.number };
    await tell(tx, context, { ...of, type: 'round.adopted', data });
  });
}

function valuesOf(record: ChainRound, { opened, deadline, closed }: Manifest, recordWithin: number) {
  const { outcome, baseModel, globalModel, manifest, transaction, block } = record;
  return {
    ...{ opened, deadline, closed, outcome, manifest, transaction },
    base_model: baseModel,
    record_by: deadline + recordWithin,
    global_model: globalModel,
    block: block.number,
  };
}

async function writeRound(
  tx: Tx,
  { study, round }: Pick<RoundRow, 'study' | 'round'>,
  values: ReturnType<typeof valuesOf>,
): Promise<void> {
  const known = await tx
    .selectFrom('rounds')
    .selectAll()
    .where('study', '=', study)
    .where('round', '=', round)
    .forUpdate()
    .executeTakeFirst();
  if (known !== undefined) return moveRound(tx, known, 'adopted', values);
  await tx
    .insertInto('rounds')
    .values({ study, round, state: 'anchored', ...values })
    .execute();
}
