/**
 * What the verifier finds. A code's name is for good, and each has a page in docs/findings/. A `fault` is something that
 * an honest consortium cannot show; a `notice` is a fact that a reader should know and that proves nobody wrong.
 */
export const findingCodes = {
  /** A contract's runtime code is not that of the released build. */
  CODE_UNKNOWN: 'fault',
  /** The chain's events do not make up what its storage holds. */
  HISTORY_MISMATCH: 'fault',
  /** Records are missing between the first and the last. */
  ROUND_GAP: 'fault',
  /** A round did not build on the model that the round before it made. */
  BASE_MISMATCH: 'fault',
  /** A record does not account for its roster. */
  ROSTER_MISMATCH: 'fault',
  /** A member counted without a live grant. */
  GRANT_MISSING: 'fault',
  /** Totals on chain are not the sum of the records. */
  TOTALS_MISMATCH: 'fault',
  /** A document that every member may read is nowhere. */
  DOCUMENT_MISSING: 'fault',
  /** A file's bytes do not have the SHA-256 that it is named by. */
  FILE_DAMAGED: 'fault',
  /** A document is not what its kind must be. */
  DOCUMENT_MALFORMED: 'fault',
  /** The plan does not fit the study on chain. */
  PLAN_MISMATCH: 'fault',
  /** A manifest does not say what its record says. */
  MANIFEST_MISMATCH: 'fault',
  /** A statement does not say what the record says of its member. */
  STATEMENT_MISMATCH: 'fault',
  /** A statement is signed by no key that its member had then. */
  STATEMENT_UNSIGNED: 'fault',
  /** A key that signed was revoked as compromised. */
  KEY_COMPROMISED: 'notice',
  /** A receipt does not say what its statement says, or is not of the study's coordinator. */
  RECEIPT_MISMATCH: 'fault',
  /** A record does not name what a receipt of the study's coordinator promised. */
  RECEIPT_BROKEN: 'fault',
  /** A receipt that its key's revocation as compromised silenced. */
  RECEIPT_SILENCED: 'notice',
  /** A dataset's version was never anchored, or not before it was used. */
  DATASET_UNKNOWN: 'fault',
  /** More samples were declared than the dataset's version or the plan allows. */
  SAMPLES_EXCEEDED: 'fault',
  /** The initial model is not the one that the plan makes. */
  INITIAL_MODEL_MISMATCH: 'fault',
  /** A global model is not what its base and updates make. */
  MODEL_MISMATCH: 'fault',
  /** What the contract of verdicts counts is not what members said. */
  VERDICTS_MISMATCH: 'fault',
  /** It is proven on chain that a record breaks a receipt. */
  OMISSION_PROVEN: 'fault',
  /** A member disputes a record. */
  DISPUTE_OPEN: 'notice',
  /** A record came later than a receipt promised. */
  RECORD_LATE: 'notice',
  /** The study is closed, and not every record is attested by its quorum. */
  NOT_FINAL: 'notice',
} as const;

export type FindingCode = keyof typeof findingCodes;

/** Who a finding points at. */
export type Implicated = 'node' | 'admin' | 'operator' | 'coordinator' | 'store' | `member ${number}`;

export interface Finding {
  readonly code: FindingCode;
  readonly severity: 'fault' | 'notice';
  readonly round?: number;
  readonly slot?: number;
  /** In one sentence. */
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
  readonly implicated: Implicated;
}

/** Something that was not looked at, and why. */
export interface Unchecked {
  readonly what: string;
  readonly why: string;
  readonly round?: number;
  readonly slot?: number;
}

/** Gathers what checks find, and counts what they looked at. */
export class Findings {
  readonly found: Finding[] = [];
  readonly unchecked: Unchecked[] = [];
  readonly #examined = new Map<string, number>();

  add(code: FindingCode, finding: Omit<Finding, 'code' | 'severity'>): void {
    this.found.push({ code, severity: findingCodes[code], ...finding });
  }

  skip(unchecked: Unchecked): void {
    this.unchecked.push(unchecked);
  }

  /** One thing more was held against what it must be. @param check in the reader's words */
  examine(check: string): void {
    this.#examined.set(check, (this.#examined.get(check) ?? 0) + 1);
  }

  /** Finds `code` unless `found` is `expected`. @returns whether they are equal */
  compare(
    code: FindingCode,
    expected: string | number | bigint,
    found: string | number | bigint,
    about: Omit<Finding, 'code' | 'severity' | 'expected' | 'found'>,
  ): boolean {
    if (expected === found) return true;
    this.add(code, { ...about, expected: String(expected), found: String(found) });
    return false;
  }

  /** How many things each check looked at. */
  get checks(): { readonly check: string; readonly examined: number }[] {
    return [...this.#examined].map(([check, examined]) => ({ check, examined }));
  }
}
