import { decodeManifest } from '../../core/manifest/Manifest.ts';
import { type Entry, encodeEntries, OUTCOME, STATUS } from '../../core/statements/entries.ts';
import { digest, round as roundNumber, ZERO_DIGEST } from '../../core/values.ts';
import { encodeRecordRound } from '../anchor/calldata.ts';
import type { OutboxMessage, OutboxStatus } from '../anchor/port.ts';
import { ahead } from './chainAhead.ts';
import type { Context } from './context.ts';
import { moveRound, overtaken, type Tx, tell, transition } from './move.sql.ts';
import { outcomeOf } from './outcome.ts';
import { tryAgain } from './refusal.ts';
import { type RoundRow, type StudyRow, type TaskRow, tasksOf } from './rows.sql.ts';
import { poll, type Step } from './Step.ts';

/** aggregated → recorded: the record is in the outbox. */
export async function recordRound(context: Context, study: StudyRow, round: RoundRow): Promise<Step> {
  const message = await recordMessage(context, round);
  await transition(context, 'round.recorded', async (tx) => {
    await moveRound(tx, round, 'queued');
    await tell(tx, context, { study: study.id, round: round.round, type: 'round.recorded' });
    await context.anchor.enqueue(tx, message);
  });
  return 'moved';
}

/** recorded → anchored once the record is final; back to closed when a member's grant ended before it arrived. */
export async function stepRecorded(context: Context, study: StudyRow, round: RoundRow): Promise<Step> {
  const id = digest(study.id);
  const status = await context.anchor.status(id, 'record', roundNumber(round.round));
  if (status?.state === 'refused') return refused(context, study, round, status);
  if (status?.state !== 'final') return poll(context);
  const onChain = await context.chain.study(id);
  if (onChain === null || onChain.lastRound < round.round) return poll(context);
  if (onChain.lastRound > round.round) throw ahead(study, `round ${onChain.lastRound}`, `round ${round.round}`);
  if (onChain.model !== round.global_model) {
    throw ahead(study, `model ${onChain.model} after round ${round.round}`, `${round.global_model}`);
  }
  const { transaction, block } = status;
  const anchored = await transition(context, 'round.anchored', async (tx) => {
    await moveRound(tx, round, 'anchored', { transaction, block });
    if (round.outcome === OUTCOME.COMPLETED) await setModel(tx, round);
    const data = { outcome: round.outcome, global: round.global_model, transaction, block };
    await tell(tx, context, { study: id, round: round.round, type: 'round.anchored', data });
  });
  if (anchored) context.traces.whole('round', round, round.opened * 1000);
  return 'moved';
}

async function refused(context: Context, study: StudyRow, round: RoundRow, status: OutboxStatus): Promise<Step> {
  const { error } = status;
  const slot = error?.name === 'GrantNotLive' ? Number(error.args[0]) : null;
  if (slot === null) {
    const onChain = await context.chain.study(digest(study.id));
    if (onChain !== null && onChain.lastRound >= round.round) {
      throw ahead(study, `another record of round ${onChain.lastRound}`, `round ${round.round} unrecorded`);
    }
    return tryAgain(context, await recordMessage(context, round), status);
  }
  await transition(context, 'round.closed', async (tx) => {
    await moveRound(tx, round, 'refused', { outcome: null, global_model: null, manifest: null });
    await tell(tx, context, { study: study.id, round: round.round, slot, type: 'round.refused', data: { error } });
  });
  return 'moved';
}

async function setModel(tx: Tx, { study, base_model, global_model }: RoundRow): Promise<void> {
  if (global_model === null) throw new RangeError(`a completed round of ${study} has no model`);
  const moved = await tx
    .updateTable('studies')
    .set({ model: global_model })
    .where('id', '=', study)
    .where('model', '=', base_model)
    .executeTakeFirst();
  if (moved.numUpdatedRows !== 1n) overtaken();
}

/** The same round always makes the same calldata: manifest and tasks are fixed by now. */
async function recordMessage(context: Context, round: RoundRow): Promise<OutboxMessage> {
  const { study, manifest, global_model } = round;
  if (manifest === null || global_model === null) throw new RangeError(`round ${round.round} of ${study} is undecided`);
  const tasks = new Map((await tasksOf(context.db, round)).map((task) => [task.slot, task]));
  const { entries } = decodeManifest(await context.document(digest(manifest)));
  const calldata = encodeRecordRound({
    study: digest(study),
    round: roundNumber(round.round),
    outcome: outcomeOf(round.outcome),
    baseModel: digest(round.base_model),
    globalModel: digest(global_model),
    manifest: digest(manifest),
    entries: encodeEntries(entries.map((entry) => ({ ...entry, ...stated(entry, tasks.get(entry.slot)) }))),
  });
  return { study: digest(study), kind: 'record', round: roundNumber(round.round), calldata };
}

function stated({ status }: Pick<Entry, 'status'>, task: TaskRow | undefined): Pick<Entry, 'update' | 'samples'> {
  if (status === STATUS.ABSENT || status === STATUS.NOT_SELECTED) return { update: ZERO_DIGEST, samples: 0 };
  if (task === undefined || task.update === null || task.samples === null) {
    throw new RangeError('a manifest names an update that no task has');
  }
  return { update: digest(task.update), samples: task.samples };
}
