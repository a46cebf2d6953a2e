import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Digest, Instant } from '../../core/values.ts';
import { digest, instant } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import { noteMove, transact } from '../db/transact.ts';
import type { Crash } from '../modules.ts';
import { endAwaitedBytes } from './endAwaitedBytes.sql.ts';
import type { Claim } from './facts.ts';

/**
 * The one place where an update becomes final: round, task, upload and event change together or not at all. The round
 * is locked against closing meanwhile, so that what is accepted is always aggregated.
 *
 * @param sign makes the receipt durable and names it; called only when nothing else can refuse
 * @returns the receipt's digest: an earlier one when this statement was accepted before
 * @throws SyndicError UPDATE_CONFLICT, ROUND_NOT_OPEN, DEADLINE_PASSED, STATE_CONFLICT
 */
export async function acceptUpdate(
  modules: { readonly db: Database; readonly crash?: Crash | undefined },
  { task, statement: { message }, statementDigest, reportDigest, report }: Claim,
  now: Instant,
  sign: (recordBy: Instant) => Promise<Digest>,
): Promise<Digest> {
  return transact(modules, async (tx) => {
    const round = await tx
      .selectFrom('rounds')
      .select(['state', 'deadline', 'record_by'])
      .where('study', '=', task.study)
      .where('round', '=', task.round)
      .forShare()
      .executeTakeFirstOrThrow();
    const current = await tx
      .selectFrom('tasks')
      .select(['state', 'statement', 'receipt'])
      .where('id', '=', task.id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (current.state === 'accepted' && current.receipt !== null) {
      if (current.statement !== statementDigest) throw new SyndicError('UPDATE_CONFLICT', conflictMessage(task.round));
      // Its receipt may have been presented while the bytes were on their way.
      await endAwaitedBytes(tx, task, message.update);
      return digest(current.receipt);
    }
    if (round.state !== 'collecting') {
      throw new SyndicError('ROUND_NOT_OPEN', `round ${task.round} closed while the update was coming`);
    }
    if (now > round.deadline) {
      throw new SyndicError('DEADLINE_PASSED', `round ${task.round} ended at ${round.deadline}; it is ${now}`);
    }
    if (current.state !== 'offered' && current.state !== 'leased') {
      throw new SyndicError('STATE_CONFLICT', `the task became ${current.state} while the update was coming`);
    }
    const receipt = await sign(instant(round.record_by));
    await tx
      .updateTable('tasks')
      .set({
        state: 'accepted',
        lease_until: null,
        update: message.update,
        samples: message.samples,
        statement: statementDigest,
        report: reportDigest,
        receipt,
        metrics: JSON.stringify(report.metrics),
      })
      .where('id', '=', task.id)
      .execute();
    noteMove(tx, 'task', current.state, 'accepted');
    const moved = await tx
      .updateTable('uploads')
      .set({ state: 'accepted', touched: now })
      .where('task', '=', task.id)
      .where('update', '=', message.update)
      .where('state', '=', 'stored')
      .executeTakeFirst();
    if (moved.numUpdatedRows > 0n) noteMove(tx, 'upload', 'stored', 'accepted');
    await tx
      .insertInto('events')
      .values({
        at: now,
        study: task.study,
        round: task.round,
        slot: task.slot,
        type: 'update.accepted',
        data: JSON.stringify({
          task: task.id,
          update: message.update,
          samples: message.samples,
          statement: statementDigest,
          report: reportDigest,
          receipt,
        }),
      })
      .execute();
    return receipt;
  });
}

export function conflictMessage(round: number): string {
  return `another update was accepted for round ${round}; the first is final`;
}
