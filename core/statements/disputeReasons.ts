/** Why a member disputes a record: what the `reason` of a `Dispute` says. Later versions append; 0 is none. */
export const DISPUTE_REASON = {
  /** The record does not name the update that the receipt names. */
  update: 1,
  /** It names another number of samples. */
  samples: 2,
  /** It builds on another base model. */
  base: 3,
  /** The manifest is malformed, or says something else than the record or the plan. */
  manifest: 4,
  /** A statement or receipt that the manifest names is malformed, of another update, or signed by the wrong key. */
  document: 5,
  /** Anything else, told elsewhere. */
  other: 255,
} as const;

export type DisputeReason = keyof typeof DISPUTE_REASON;

/** The name of a reason, for people. */
export function disputeName(reason: number): string {
  return Object.entries(DISPUTE_REASON).find(([, value]) => value === reason)?.[0] ?? `reason ${reason}`;
}
