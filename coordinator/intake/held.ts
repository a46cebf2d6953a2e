import { SyndicError } from '../../core/errors/SyndicError.ts';
import { decodeReport, type Report } from '../../core/manifest/Report.ts';
import { sha256 } from '../../core/sha256.ts';
import { decodeReceipt, decodeStatement } from '../../core/statements/documents.ts';
import { digestOf, recover } from '../../core/statements/sign.ts';
import type { Domain, ReceiptMessage, UpdateMessage } from '../../core/statements/types.ts';
import type { Address, Digest, Slot } from '../../core/values.ts';
import type { ChainView } from '../chain/port.ts';
import type { HeldReceipt } from './port.ts';

/** A presented receipt that is this coordinator's own. */
export interface Held {
  readonly statement: UpdateMessage;
  readonly statementDigest: Digest;
  readonly report: Report;
  readonly reportDigest: Digest;
  readonly receiptDigest: Digest;
  /** By when the record was promised, Unix seconds. */
  readonly recordBy: number;
}

/** Bytes of a document that are read, at most. */
export const MOST_BYTES = { statement: 64 * 1024, report: 1024 * 1024, receipt: 64 * 1024 } as const;

/**
 * Reads what a member presents, and believes none of it: the receipt must be about this very statement, signed by a key
 * that the chain lists for this coordinator, and the statement signed by a key of the member's.
 *
 * @param ownKey a key of this coordinator's
 * @throws SyndicError TOO_LARGE, DOCUMENT_INVALID, SALT_MISSING, WRONG_SLOT, SIGNATURE_INVALID, KEY_INVALID,
 * RECEIPT_INVALID
 */
export async function readHeld(
  { domain, ownKey, chain }: { domain: Domain; ownKey: Address; chain: ChainView },
  slot: Slot,
  held: HeldReceipt,
): Promise<Held> {
  for (const name of ['statement', 'report', 'receipt'] as const) checkSize(name, held[name]);
  const { message, signature } = decodeStatement(held.statement);
  const report = decodeReport(held.report);
  const receipt = decodeReceipt(held.receipt);
  if (message.slot !== slot) {
    throw new SyndicError('WRONG_SLOT', `the statement is of slot ${message.slot}; the session is slot ${slot}'s`);
  }
  const reportDigest = sha256(held.report);
  if (message.report !== reportDigest) {
    throw new SyndicError('DOCUMENT_INVALID', `the statement names report ${message.report}, not ${reportDigest}`);
  }
  checkSame(receipt.message, message, digestOf('Update', domain, message));
  const signer = await chain.key(recover(domain, 'Update', message, signature));
  if (signer?.slot !== slot) throw new SyndicError('KEY_INVALID', `the statement is signed by no key of slot ${slot}`);
  await checkOwn(chain, ownKey, recover(domain, 'Receipt', receipt.message, receipt.signature));
  return {
    ...{ statement: message, statementDigest: sha256(held.statement), report, reportDigest },
    receiptDigest: sha256(held.receipt),
    recordBy: receipt.message.recordBy,
  };
}

/** Keys rotate; what an earlier one signed still binds. One revoked as compromised may have signed anything. */
async function checkOwn(chain: ChainView, ownKey: Address, signer: Address): Promise<void> {
  const [own, key] = await Promise.all([chain.key(ownKey), chain.key(signer)]);
  if (key === null || own === null || key.owner !== own.owner) {
    throw new SyndicError(
      'RECEIPT_INVALID',
      `the receipt is signed by ${signer}, which is no key of this coordinator's`,
    );
  }
  if (key.compromised) {
    throw new SyndicError('RECEIPT_INVALID', `the receipt is signed by ${signer}, which was revoked as compromised`);
  }
}

function checkSame(receipt: ReceiptMessage, said: UpdateMessage, statement: Digest): void {
  const { study, round, slot, baseModel, update, samples } = said;
  const want: Omit<ReceiptMessage, 'recordBy'> = { statement, study, round, slot, baseModel, update, samples };
  for (const field of Object.keys(want) as (keyof typeof want)[]) {
    if (receipt[field] === want[field]) continue;
    throw new SyndicError(
      'RECEIPT_INVALID',
      `the receipt says ${field} ${receipt[field]}, the statement presented with it ${want[field]}`,
      { field },
    );
  }
}

function checkSize(name: keyof typeof MOST_BYTES, bytes: Uint8Array): void {
  const limit = MOST_BYTES[name];
  if (bytes.byteLength <= limit) return;
  throw new SyndicError('TOO_LARGE', `${name} is ${bytes.byteLength} bytes; at most ${limit} are read`, { limit });
}
