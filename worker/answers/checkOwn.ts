import { DISPUTE_REASON } from '../../core/statements/disputeReasons.ts';
import type { ReceiptMessage } from '../../core/statements/types.ts';
import type { SiteRecord } from '../policy/records.ts';

/** What is wrong with a record or its documents. */
export interface Fault {
  /** Of core's `DISPUTE_REASON`. */
  readonly reason: number;
  readonly what: string;
}

/** Whether a record keeps what the site's receipt promised: it names the update, included or excluded. */
export function checkOwn(record: SiteRecord, receipt: ReceiptMessage): Fault | null {
  const entry = record.entries.find(({ slot }) => slot === receipt.slot);
  if (entry === undefined) {
    return {
      reason: DISPUTE_REASON.update,
      what: `the record has no entry of slot ${receipt.slot}, which holds a receipt`,
    };
  }
  if (entry.update !== receipt.update) {
    return {
      reason: DISPUTE_REASON.update,
      what: `the record names update ${entry.update} with status ${entry.status}; the receipt names ${receipt.update}`,
    };
  }
  if (entry.samples !== receipt.samples) {
    return {
      reason: DISPUTE_REASON.samples,
      what: `the record names ${entry.samples} samples; the receipt ${receipt.samples}`,
    };
  }
  if (record.baseModel !== receipt.baseModel) {
    return {
      reason: DISPUTE_REASON.base,
      what: `the record builds on ${record.baseModel}; the receipt says ${receipt.baseModel}`,
    };
  }
  return null;
}
