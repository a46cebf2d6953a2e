import { SyndicError } from '../core/errors/SyndicError.ts';
import type { ReceiptDocument } from '../core/statements/documents.ts';
import { recover } from '../core/statements/sign.ts';
import { domain } from '../core/statements/types.ts';
import type { Address, Digest } from '../core/values.ts';
import { brokenBy, LATE } from './checks/statements.ts';
import { contractsOf } from './code.ts';
import type { AuditedChain } from './port.ts';
import { replay } from './replay.ts';
import { storedKey } from './storage/consortium.ts';
import { storedRecordHashes, storedStudy } from './storage/ledger.ts';

/**
 * What became of a promise. Kept, broken and late are of a record that stands; awaited and overdue of one that does
 * not. Silenced: its key was revoked as compromised, and it proves nothing.
 */
export type ReceiptState = 'kept' | 'broken' | 'late' | 'awaited' | 'overdue' | 'silenced';

export interface ReceiptReport {
  readonly state: ReceiptState;
  readonly study: Digest;
  readonly round: number;
  readonly slot: number;
  readonly update: Digest;
  /** Unix seconds by which a record was to stand. */
  readonly recordBy: number;
  /** The key that signed, and its owner, the study's coordinator. */
  readonly signer: Address;
  readonly coordinator: Address;
  /** The record that stands; null: none yet. */
  readonly recordHash: Digest | null;
  /** In one sentence. */
  readonly what: string;
  readonly block: AuditedChain['block'];
}

/**
 * Holds one receipt against the chain: nothing else is needed to know whether its promise was kept.
 *
 * @throws SyndicError NOT_FOUND when the ledger knows no such study; RECEIPT_INVALID when no key of the study's
 * coordinator signed it; CHAIN_UNAVAILABLE when the node's events do not make up the record that the ledger stores
 */
export async function checkReceipt(
  chain: AuditedChain,
  ledger: Address,
  receipt: ReceiptDocument,
): Promise<ReceiptReport> {
  const { message, signature } = receipt;
  const { study: id, round, slot, update, recordBy } = message;
  const contracts = await contractsOf(chain, ledger);
  const study = contracts === null ? null : await storedStudy(chain, ledger, id);
  if (contracts === null || study === null) {
    throw new SyndicError('NOT_FOUND', `the ledger at ${ledger} knows no study ${id}`, { ledger, study: id });
  }
  const signer = recover(domain(chain.chainId, ledger), 'Receipt', message, signature);
  const key = await storedKey(chain, contracts.consortium, signer);
  if (key?.owner !== study.coordinator) {
    const what = `it is signed by ${signer}, which is no key of ${study.coordinator}, the study's coordinator`;
    throw new SyndicError('RECEIPT_INVALID', `the receipt promises nothing: ${what}`, { signer });
  }
  const facts = {
    study: id,
    round,
    slot,
    update,
    recordBy,
    signer,
    coordinator: study.coordinator,
    block: chain.block,
  };
  if (round > study.lastRound) {
    const overdue = chain.block.time > recordBy;
    const what = `no record of round ${round} stands yet; it was promised by ${recordBy}`;
    return { ...facts, state: overdue ? 'overdue' : 'awaited', recordHash: null, what };
  }
  const history = replay(await chain.logs(ledger, id), { chainId: chain.chainId, ledger, study: id });
  const record = history?.rounds.find((one) => one.round === round);
  const stored = (await storedRecordHashes(chain, ledger, id, study.lastRound))[round - 1];
  if (record === undefined || stored !== record.recordHash || (history?.faults.length ?? 0) > 0) {
    const message = `the node's events do not make up the record ${stored} of round ${round}: ask another node`;
    throw new SyndicError('CHAIN_UNAVAILABLE', message, { round });
  }
  const entry = record.entries.find((one) => one.slot === slot);
  const broken = brokenBy(receipt, record, entry);
  const { recordHash } = record;
  if (broken === null) return { ...facts, state: 'kept', recordHash, what: 'the record names the update as promised' };
  if (key.compromised) {
    const what = `its key was revoked as compromised, so it proves nothing; else: ${broken}`;
    return { ...facts, state: 'silenced', recordHash, what };
  }
  return { ...facts, state: broken === LATE ? 'late' : 'broken', recordHash, what: broken };
}
