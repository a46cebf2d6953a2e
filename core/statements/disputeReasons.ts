/** Why a member disputes a record: what the `reason` of a `Dispute` says. Later versions append; 0 is none. */
export const DISPUTE_REASON = {
  /** Its own update is missing or altered. */
  update: 1,
  /** Samples, its own or another's, are not those stated. */
  samples: 2,
  /** The base model is not the one that the round began with. */
  base: 3,
  /** The manifest, or a document that it names, is missing or does not match. */
  documents: 4,
  /** Anything else, told elsewhere. */
  other: 255,
} as const;

export type DisputeReason = keyof typeof DISPUTE_REASON;
