import { encodeReceipt } from '../../core/statements/documents.ts';
import { digestOf, sign } from '../../core/statements/sign.ts';
import type { Domain } from '../../core/statements/types.ts';
import type { Instant } from '../../core/values.ts';
import type { Claim } from './facts.ts';

/** The receipt document for an accepted update. Signing is deterministic: the same claim gives the same bytes. */
export function makeReceipt(coordinatorKey: string, domain: Domain, claim: Claim, recordBy: Instant): Uint8Array {
  const { study, round, slot, baseModel, update, samples } = claim.statement.message;
  const statement = digestOf('Update', domain, claim.statement.message);
  const message = { statement, study, round, slot, baseModel, update, samples, recordBy };
  return encodeReceipt({ message, signature: sign(coordinatorKey, domain, 'Receipt', message) });
}
