export type Severity = 'fault' | 'notice';

/**
 * What the verifier finds. A code's name is for good, and each has a page in docs/findings/. A `fault` is something that
 * an honest consortium cannot show; a `notice` is a fact that a reader should know and that proves nobody wrong.
 */
export const findingCodes = {
  CODE_UNKNOWN: { severity: 'fault', means: "A contract's runtime code is not that of the released build." },
  HISTORY_MISMATCH: { severity: 'fault', means: "The chain's events do not make up what its storage holds." },
  ROUND_GAP: { severity: 'fault', means: 'Records are missing between the first and the last.' },
  BASE_MISMATCH: { severity: 'fault', means: 'A round did not build on the model that the round before it made.' },
  ROSTER_MISMATCH: { severity: 'fault', means: 'A record does not account for its roster.' },
  GRANT_MISSING: { severity: 'fault', means: 'A member counted without a live grant.' },
  TOTALS_MISMATCH: { severity: 'fault', means: 'Totals on chain are not the sum of the records.' },
  DOCUMENT_MISSING: { severity: 'fault', means: 'A document that every member may read is nowhere.' },
  FILE_DAMAGED: { severity: 'fault', means: "A file's bytes do not have the SHA-256 that it is named by." },
  DOCUMENT_MALFORMED: { severity: 'fault', means: 'A document is not what its kind must be.' },
  PLAN_MISMATCH: { severity: 'fault', means: 'The plan does not fit the study on chain.' },
  MANIFEST_MISMATCH: { severity: 'fault', means: 'A manifest does not say what its record says.' },
  STATEMENT_MISMATCH: { severity: 'fault', means: 'A statement does not say what the record says of its member.' },
  STATEMENT_UNSIGNED: { severity: 'fault', means: 'A statement is signed by no key that its member had then.' },
  KEY_COMPROMISED: { severity: 'notice', means: 'A key that signed was revoked as compromised.' },
  RECEIPT_MISMATCH: {
    severity: 'fault',
    means: "A receipt does not say what its statement says, or is not of the study's coordinator.",
  },
  RECEIPT_BROKEN: {
    severity: 'fault',
    means: "A record does not name what a receipt of the study's coordinator promised.",
  },
  RECEIPT_SILENCED: { severity: 'notice', means: "A receipt that its key's revocation as compromised silenced." },
  DATASET_UNKNOWN: { severity: 'fault', means: "A dataset's version was never anchored, or not before it was used." },
  SAMPLES_EXCEEDED: {
    severity: 'fault',
    means: "More samples were declared than the dataset's version or the plan allows.",
  },
  INITIAL_MODEL_MISMATCH: { severity: 'fault', means: 'The initial model is not the one that the plan makes.' },
  MODEL_MISMATCH: { severity: 'fault', means: 'A global model is not what its base and updates make.' },
  VERDICTS_MISMATCH: { severity: 'fault', means: 'What the contract of verdicts counts is not what members said.' },
  OMISSION_PROVEN: { severity: 'fault', means: 'It is proven on chain that a record breaks a receipt.' },
  DISPUTE_OPEN: { severity: 'notice', means: 'A member disputes a record.' },
  HEAD_CONFLICT: {
    severity: 'fault',
    means: 'Another reader, or this one before, was shown another record of the same round.',
  },
  RECORD_LATE: { severity: 'notice', means: 'A record came later than a receipt promised.' },
  NOT_FINAL: { severity: 'notice', means: 'The study is closed, and not every record is attested by its quorum.' },
} as const satisfies Readonly<Record<string, { severity: Severity; means: string }>>;

export type FindingCode = keyof typeof findingCodes;

/** Who a finding points at. */
export type Implicated = 'node' | 'admin' | 'operator' | 'coordinator' | 'store' | `member ${number}`;

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The check that it is of, as `Report.checks` names it. */
  readonly check: string;
  readonly round?: number;
  readonly slot?: number;
  /** In one sentence. */
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
  readonly implicated: Implicated;
}

type FindingDetails = Omit<Finding, 'code' | 'severity' | 'check'>;

/** What makes two findings the same, whoever found them and when. */
export function keyOf({ code, round, slot, what }: Finding): string {
  return JSON.stringify([code, round ?? null, slot ?? null, what]);
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
  readonly #known = new Set<string>();
  readonly #examined = new Map<string, number>();
  #check = '';

  /** Of the check that was counted last: count first, then find. What is found twice is told once. */
  add(code: FindingCode, details: FindingDetails): void {
    const finding = { code, severity: findingCodes[code].severity, check: this.#check, ...details };
    const key = keyOf(finding);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.found.push(finding);
  }

  skip(unchecked: Unchecked): void {
    this.unchecked.push(unchecked);
  }

  /** One thing more was held against what it must be. @param check in the reader's words */
  examine(check: string): void {
    this.#check = check;
    this.#examined.set(check, (this.#examined.get(check) ?? 0) + 1);
  }

  /** Finds `code` unless `found` is `expected`. @returns whether they are equal */
  compare(
    code: FindingCode,
    expected: string | number | bigint,
    found: string | number | bigint,
    about: Omit<FindingDetails, 'expected' | 'found'>,
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
