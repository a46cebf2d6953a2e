import type { StudyId } from '../../../core/values.ts';
import type { StudyState } from '../../db/schema.ts';
import { findStudy } from '../rows.sql.ts';
import { adoptRound } from './adoptRound.sql.ts';
import { adoptStudy, settleStudy } from './adoptStudy.sql.ts';
import { checkFiles } from './checkFiles.ts';
import type { RecoveryContext } from './context.ts';
import { type Loss, lossOf } from './lossOf.ts';
import { numberEventsAnew } from './numberEventsAnew.sql.ts';
import { reopenRound } from './reopenRound.sql.ts';

/** What recovery did to one study. */
export interface RecoveredStudy {
  readonly study: StudyId;
  readonly name: string;
  readonly state: StudyState;
  /** Rounds taken over from the ledger. */
  readonly rounds: number;
  /** The round under way, whose members are asked what they hold; null: there is none. */
  readonly open: number | null;
}

export interface Recovery {
  readonly studies: readonly RecoveredStudy[];
  /** Studies that name this coordinator and have neither a record nor a plan in the store: it never had them. */
  readonly unknown: readonly StudyId[];
}

/**
 * Brings a database that was lost, or is an old copy, to what the ledger and the store say of this coordinator's
 * studies. Each study and each round is one transaction; running it again goes on where it was, and changes nothing
 * where nothing is missing.
 *
 * @throws SyndicError NOT_FOUND when the store lacks files, before anything is written; CHAIN_UNAVAILABLE when the node
 * is behind the database; STATE_CONFLICT when the two contradict each other
 */
export async function recoverStudies(context: RecoveryContext): Promise<Recovery> {
  const losses: Loss[] = [];
  const unknown: StudyId[] = [];
  for (const id of await context.chain.studiesOf(context.options.coordinatorAccount)) {
    const loss = await lossOf(context, id);
    if (loss === null) unknown.push(id);
    else losses.push(loss);
  }
  await checkFiles(context, losses);
  await forgetSessions(context);
  await numberEventsAnew(context);
  const studies: RecoveredStudy[] = [];
  for (const loss of losses) studies.push(await recoverStudy(context, loss));
  return { studies, unknown };
}

async function recoverStudy(context: RecoveryContext, loss: Loss): Promise<RecoveredStudy> {
  const study = loss.chain.id;
  const name = await adoptStudy(context, loss.chain);
  for (const record of loss.records) await adoptRound(context, loss.chain, record);
  await settleStudy(context, loss.chain);
  const open = await reopenRound(context, loss.chain);
  const state = (await findStudy(context.db, study))?.state ?? 'closed';
  return { study, name, state, rounds: loss.records.length, open };
}

/** Those in an old copy may have ended since. */
async function forgetSessions({ db }: RecoveryContext): Promise<void> {
  await db.deleteFrom('sessions').execute();
  await db.deleteFrom('nonces').execute();
}
