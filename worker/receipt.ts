import { SyndicError } from '../core/errors/SyndicError.ts';
import { decodeReceipt, type ReceiptDocument } from '../core/statements/documents.ts';
import { digestOf, recover } from '../core/statements/sign.ts';
import type { Domain, ReceiptMessage, UpdateMessage } from '../core/statements/types.ts';
import type { Address } from '../core/values.ts';

export interface ReceiptExpectation {
  readonly domain: Domain;
  /** The key that must have signed. */
  readonly coordinatorKey: Address;
  readonly statement: UpdateMessage;
  /** The round's deadline plus the plan's `recordWithin`, Unix seconds. */
  readonly recordBy: number;
}

/**
 * The coordinator's promise, held against what was sent.
 *
 * @throws SyndicError RECEIPT_INVALID naming the first field that differs, or the signer
 */
export function checkReceipt(bytes: Uint8Array, expected: ReceiptExpectation): ReceiptDocument {
  const receipt = decodeReceipt(bytes);
  const { study, round, slot, baseModel, update, samples } = expected.statement;
  const statement = digestOf('Update', expected.domain, expected.statement);
  const want: ReceiptMessage = {
    statement,
    study,
    round,
    slot,
    baseModel,
    update,
    samples,
    recordBy: expected.recordBy,
  };
  for (const field of Object.keys(want) as (keyof ReceiptMessage)[]) {
    if (receipt.message[field] === want[field]) continue;
    throw new SyndicError(
      'RECEIPT_INVALID',
      `the receipt says ${field} ${receipt.message[field]}; sent was ${want[field]}: keep it and tell the other members`,
      { field, got: receipt.message[field], want: want[field] },
    );
  }
  const signer = recover(expected.domain, 'Receipt', receipt.message, receipt.signature);
  if (signer === expected.coordinatorKey) return receipt;
  throw new SyndicError(
    'RECEIPT_INVALID',
    `the receipt is signed by ${signer}; the coordinator's key on chain is ${expected.coordinatorKey}`,
    { got: signer, want: expected.coordinatorKey },
  );
}
