import type { Address, Digest, Signature, StudyId } from '../values.ts';
import { recover, sign } from './sign.ts';
import type { Domain } from './types.ts';

/** Why a member disputes a record. Later versions append; docs/contracts.md says what each means. */
export const DISPUTE = {
  /** The record does not name the update that the receipt names. */
  OWN_UPDATE: 1,
  /** It names another number of samples. */
  OWN_SAMPLES: 2,
  /** It builds on another base model. */
  BASE: 3,
  /** The manifest is malformed, or says something else than the record or the plan. */
  MANIFEST: 4,
  /** A statement or receipt that the manifest names is malformed, of another update, or signed by the wrong key. */
  DOCUMENT: 5,
} as const;

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

/** The name of a reason, for people. */
export function disputeName(reason: number): string {
  return Object.entries(DISPUTE).find(([, value]) => value === reason)?.[0] ?? `reason ${reason}`;
}
