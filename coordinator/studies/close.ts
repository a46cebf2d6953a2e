import type { Outcome } from '../../core/statements/entries.ts';
import { digest, type StudyId } from '../../core/values.ts';
import { encodeCloseStudy } from '../anchor/calldata.ts';
import { ahead } from './chainAhead.ts';
import type { Context } from './context.ts';
import { moveStudy, tell, transition } from './move.sql.ts';
import { outcomeOf } from './outcome.ts';
import { tryAgain } from './refusal.ts';
import type { StudyRow } from './rows.sql.ts';
import { poll, type Step } from './Step.ts';

/** → closing, with the close in the outbox. */
export async function end(context: Context, study: StudyRow, outcome: Outcome, reason: string): Promise<Step> {
  await transition(context, 'study.closing', async (tx) => {
    await moveStudy(tx, study, 'ended', { outcome });
    await tell(tx, context, { study: study.id, type: 'study.closing', data: { outcome, reason } });
    await context.anchor.enqueue(tx, closeMessage(digest(study.id), outcome));
  });
  return 'moved';
}

/** closing → closed, once the ledger says so. */
export async function stepClosing(context: Context, study: StudyRow): Promise<Step> {
  const id = digest(study.id);
  const outcome = outcomeOf(study.outcome);
  const onChain = await context.chain.study(id);
  if (onChain !== null && onChain.outcome !== 0 && onChain.outcome !== outcome) {
    throw ahead(study, `outcome ${onChain.outcome}`, `outcome ${outcome}`);
  }
  const status = await context.anchor.status(id, 'close', 0);
  if (onChain?.outcome !== outcome) {
    return status?.state === 'refused' ? tryAgain(context, closeMessage(id, outcome), status) : poll(context);
  }
  await transition(context, 'study.closed', async (tx) => {
    await moveStudy(tx, study, 'closed');
    await tell(tx, context, { study: id, type: 'study.closed', data: { outcome } });
  });
  return 'moved';
}

function closeMessage(study: StudyId, outcome: Outcome) {
  return { study, kind: 'close', round: 0, calldata: encodeCloseStudy(study, outcome) } as const;
}
