import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { ReceiptDocument } from '../../core/statements/documents.ts';
import { recover } from '../../core/statements/sign.ts';
import { domain } from '../../core/statements/types.ts';
import type { Audit } from '../Audit.ts';
import { type StoredKey, storedKey } from '../storage/consortium.ts';
import { holdReceipt } from './statements.ts';

/**
 * Holds receipts that the reader has against the records, as those that manifests name. One whose record does not stand
 * yet is broken only once its time is over.
 *
 * @throws SyndicError WRONG_STUDY, RECEIPT_INVALID: it promises nothing here, and a verdict that passed it over would
 * say more than was looked at
 */
export async function checkGivenReceipts(audit: Audit, receipts: readonly ReceiptDocument[]): Promise<void> {
  const { chain, id, history, findings } = audit;
  for (const receipt of receipts) {
    const { study, round, slot, recordBy } = receipt.message;
    if (study !== id)
      throw new SyndicError('WRONG_STUDY', `a receipt given is of study ${study}, not of ${id}`, { study });
    const { compromised } = await coordinatorKey(audit, receipt);
    const record = history.rounds.find((one) => one.round === round);
    if (record !== undefined) {
      const entry = record.entries.find((one) => one.slot === slot);
      holdReceipt(audit, receipt, { round: record, entry, compromised });
      continue;
    }
    findings.examine('a record names what its receipts promised, in time');
    if (chain.block.time <= recordBy || compromised) continue;
    const what = `the receipt of slot ${slot} in round ${round}: no record stood by ${recordBy}, nor stands at ${chain.block.time}`;
    findings.add('RECEIPT_BROKEN', { round, slot, what, implicated: 'coordinator' });
  }
}

async function coordinatorKey(
  { chain, contracts, study }: Audit,
  { message, signature }: ReceiptDocument,
): Promise<StoredKey> {
  const signer = recover(domain(chain.chainId, contracts.ledger), 'Receipt', message, signature);
  const key = await storedKey(chain, contracts.consortium, signer);
  if (key?.owner === study.coordinator) return key;
  const what = `it is signed by ${signer}, which is no key of ${study.coordinator}, the study's coordinator`;
  throw new SyndicError('RECEIPT_INVALID', `a receipt given promises nothing: ${what}`, { signer });
}
