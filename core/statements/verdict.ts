import type { Address, Digest, Signature, StudyId } from '../values.ts';
import { recover, sign } from './sign.ts';
import type { Domain } from './types.ts';

/** A member's word on a record, as the contract of verdicts numbers it. */
export const VERDICT_STATES = ['none', 'attested', 'disputed', 'withdrawn', 'dismissed'] as const;
export type VerdictState = (typeof VERDICT_STATES)[number];

/** How a record breaks a receipt, as the contract of verdicts numbers it. */
export const OMISSIONS = ['none', 'absent', 'not selected', 'another update', 'other samples'] as const;
export type Omission = (typeof OMISSIONS)[number];

/** What a member says of a round's record. */
export interface Verdict {
  readonly study: StudyId;
  readonly round: number;
  readonly slot: number;
  readonly recordHash: Digest;
  /** 0: it attests. 1 … 255: it disputes, for this reason. */
  readonly reason: number;
}

/** @param domain of `Verdicts` */
export function signVerdict(key: string, domain: Domain, { reason, ...attest }: Verdict): Signature {
  return reason === 0 ? sign(key, domain, 'Attest', attest) : sign(key, domain, 'Dispute', { ...attest, reason });
}

/**
 * Whose key signed the verdict.
 *
 * @param domain of `Verdicts`
 * @throws SyndicError SIGNATURE_INVALID, DOCUMENT_INVALID
 */
export function recoverVerdict(domain: Domain, { reason, ...attest }: Verdict, signature: string): Address {
  return reason === 0
    ? recover(domain, 'Attest', attest, signature)
    : recover(domain, 'Dispute', { ...attest, reason }, signature);
}
