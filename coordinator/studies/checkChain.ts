import type { StudyId } from '../../core/values.ts';
import { ahead } from './chainAhead.ts';
import type { Context } from './context.ts';
import { unfinished } from './queries.sql.ts';
import { findStudy, requireStudy, roundsOf } from './rows.sql.ts';

/**
 * Whether the chain holds rounds of this coordinator's that its database knows nothing of: then the database is an old
 * copy, and going on would contradict receipts given since.
 *
 * @throws SyndicError CHAIN_AHEAD
 */
export async function checkChain(context: Context): Promise<void> {
  for (const id of await unfinished(context)) await checkStudy(context, id);
  for (const id of await context.chain.studiesOf(context.options.coordinatorAccount)) {
    if ((await findStudy(context.db, id)) === null) await checkUnknown(context, id);
  }
}

async function checkStudy(context: Context, id: StudyId): Promise<void> {
  const onChain = await context.chain.study(id);
  if (onChain === null) return;
  const study = await requireStudy(context.db, id);
  const rounds = await roundsOf(context.db, id);
  // A record may be final before its round is noted as anchored: it was in the outbox then.
  const sent = rounds.filter(({ state }) => state === 'recorded' || state === 'anchored').length;
  if (onChain.lastRound > sent) throw ahead(study, `round ${onChain.lastRound}`, `round ${sent}`);
}

/** An operator may name this coordinator without asking; only one that coordinated has rounds on chain, or the plan. */
async function checkUnknown(context: Context, id: StudyId): Promise<void> {
  const onChain = await context.chain.study(id);
  if (onChain === null) return;
  if (onChain.lastRound > 0) throw ahead({ id }, `round ${onChain.lastRound}`, 'no such study');
  if (onChain.outcome === 0 && (await context.models.size(onChain.plan)) !== null) {
    throw ahead({ id }, 'it open, under a plan that the store has', 'no such study');
  }
  context.log.warn({ study: id }, 'a study on chain names this coordinator, which was never sent its plan');
}
