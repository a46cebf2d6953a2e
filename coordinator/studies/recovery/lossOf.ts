import { SyndicError } from '../../../core/errors/SyndicError.ts';
import type { StudyId } from '../../../core/values.ts';
import type { ChainRound, ChainStudy } from '../../chain/port.ts';
import { findStudy, type RoundRow, roundsOf } from '../rows.sql.ts';
import type { RecoveryContext } from './context.ts';

/** A study as the ledger has it, and the records that the database lacks. */
export interface Loss {
  readonly chain: ChainStudy;
  readonly records: readonly ChainRound[];
}

/**
 * @returns null for a study that this coordinator never had: any operator may name it
 * @throws SyndicError CHAIN_UNAVAILABLE, STATE_CONFLICT
 */
export async function lossOf(context: RecoveryContext, id: StudyId): Promise<Loss | null> {
  const chain = await context.chain.study(id);
  if (chain === null) throw behind(id, 'no such study', 'an event that opened it');
  const known = await findStudy(context.db, id);
  if (known === null && chain.lastRound === 0 && (await context.models.size(chain.plan)) === null) return null;
  const anchored = (await roundsOf(context.db, id)).filter(({ state }) => state === 'anchored');
  if (anchored.length > chain.lastRound) throw behind(id, `round ${chain.lastRound}`, `round ${anchored.length}`);
  const records = await context.chain.rounds(id);
  if (records.length !== chain.lastRound) throw behind(id, `${records.length} records`, `round ${chain.lastRound}`);
  for (const row of anchored) checkSame(row, records[row.round - 1]);
  return { chain, records: records.slice(anchored.length) };
}

function checkSame(row: RoundRow, record: ChainRound | undefined): void {
  if (record?.manifest === row.manifest && record?.globalModel === row.global_model) return;
  throw new SyndicError(
    'STATE_CONFLICT',
    `round ${row.round} of study ${row.study} is ${row.manifest} in the database and ${record?.manifest} on chain: ` +
      'this is the database of another chain or coordinator; recover into an empty one',
    { study: row.study, round: row.round },
  );
}

function behind(study: StudyId, chain: string, other: string): SyndicError {
  return new SyndicError(
    'CHAIN_UNAVAILABLE',
    `of study ${study} the node has ${chain}, and there is ${other}: wait for the node to catch up`,
    { study },
  );
}
