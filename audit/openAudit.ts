import { SyndicError } from '../core/errors/SyndicError.ts';
import type { Address, StudyId } from '../core/values.ts';
import type { Audit } from './Audit.ts';
import { contractsOf } from './code.ts';
import { Files } from './Files.ts';
import { Findings } from './findings.ts';
import type { AuditedChain } from './port.ts';
import { replay } from './replay.ts';
import { storedStudy } from './storage/ledger.ts';

/**
 * A study as storage has it and as events tell it, with nothing of it checked yet.
 *
 * @param files left out: none, for checks of the chain alone
 * @throws SyndicError NOT_FOUND when the ledger knows no such study; CHAIN_UNAVAILABLE
 */
export async function openAudit(
  chain: AuditedChain,
  ledger: Address,
  id: StudyId,
  files: Files = new Files([]),
): Promise<Audit> {
  const contracts = await contractsOf(chain, ledger);
  const study = contracts === null ? null : await storedStudy(chain, ledger, id);
  if (contracts === null || study === null) throw unknown(chain, ledger, id, contracts === null);
  const history = replay(await chain.logs(ledger, id), { chainId: chain.chainId, ledger, study: id });
  if (history === null) {
    const message = `the ledger stores study ${id}, and the node has no event that tells of its opening: ask another node`;
    throw new SyndicError('CHAIN_UNAVAILABLE', message, { study: id });
  }
  return { chain, contracts, id, study, history, files, findings: new Findings() };
}

function unknown({ block }: AuditedChain, ledger: Address, study: StudyId, isNoLedger: boolean): SyndicError {
  const what = isNoLedger
    ? `no ledger of this version stands at ${ledger} at block ${block.number}: check the address and the node`
    : `the ledger has no study ${study} at block ${block.number}: check the id`;
  return new SyndicError('NOT_FOUND', what, { ledger, study });
}
