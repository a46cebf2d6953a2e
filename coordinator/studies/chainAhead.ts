import { SyndicError } from '../../core/errors/SyndicError.ts';
import { digest } from '../../core/values.ts';
import type { ChainStudy } from '../chain/port.ts';
import type { StudyRow } from './rows.sql.ts';

/**
 * The study on chain, for a database that says of it that `recorded` rounds are final.
 *
 * @returns null while the node is behind what was seen final before
 * @throws SyndicError CHAIN_AHEAD when the ledger holds what this database never sent
 */
export function inStep(study: StudyRow, chain: ChainStudy | null, recorded: number): ChainStudy | null {
  if (chain === null || chain.lastRound < recorded) return null;
  if (chain.lastRound > recorded) throw ahead(study, `round ${chain.lastRound}`, `round ${recorded}`);
  if (chain.outcome !== 0) throw ahead(study, `the study closed with outcome ${chain.outcome}`, 'it running');
  if (chain.model !== digest(study.model)) throw ahead(study, `model ${chain.model}`, `model ${study.model}`);
  return chain;
}

export function ahead(study: Pick<StudyRow, 'id'>, chain: string, database: string): SyndicError {
  return new SyndicError(
    'CHAIN_AHEAD',
    `of study ${study.id} the chain has ${chain}, the database ${database}: the database is an old copy, or another ` +
      'coordinator holds the same key; make sure that no other runs, then `syndic coordinator recover`',
    { study: study.id, chain, database },
  );
}
