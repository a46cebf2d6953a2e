/** What a column of a row follows: how the exercise test went, the risk at rest, or neither. */
export type Cause = 'exercise' | 'resting';

/** The columns that are drawn before the outcome is decided. */
export type Measured =
  | 'age'
  | 'sex'
  | 'cp'
  | 'trestbps'
  | 'chol'
  | 'fbs'
  | 'restecg'
  | 'thalach'
  | 'exang'
  | 'oldpeak'
  | 'slope'
  | 'ca'
  | 'thal';

/** Everything in this file is made up: the published summaries speak of one column at a time. */
export interface ColumnRule {
  readonly column: Measured;
  readonly cause: Cause;
  /** What one standard deviation adds to the row's score; the rows that score highest are the diseased. */
  readonly weight: number;
  /** −1: lower is worse. */
  readonly sign: 1 | -1;
}

function rule(column: Measured, cause: Cause, weight: number, sign: 1 | -1 = 1): ColumnRule {
  return { column, cause, weight, sign };
}

/**
 * One rule for all four sites, so that what one learns is of use to the others: the exercise test decides, the risk
 * at rest does not.
 */
export const rules: readonly ColumnRule[] = [
  rule('age', 'resting', 0),
  rule('sex', 'resting', 0),
  rule('cp', 'exercise', 1),
  rule('trestbps', 'resting', 0),
  rule('chol', 'resting', 0),
  rule('fbs', 'resting', 0),
  rule('restecg', 'resting', 0),
  rule('thalach', 'exercise', 1, -1),
  rule('exang', 'exercise', 1),
  rule('oldpeak', 'exercise', 1),
  rule('slope', 'exercise', 0),
  rule('ca', 'resting', 0),
  rule('thal', 'exercise', 0),
];

/** Standard deviation of what decides about a row beside its columns. */
export const NOISE = 0.5;

/** How a site's columns hang together. */
export interface SiteDependence {
  /** Share of a column's variance that is its cause's, 0 … 1. */
  readonly share: Readonly<Record<Cause, number>>;
  /** Correlation of the two causes among the site's patients. */
  readonly correlation: number;
}

/**
 * The sites' case mix. Whom a hospital is sent decides what its data can teach: in Cleveland's patients a bad exercise
 * test and risk at rest go together, in Budapest's and Long Beach's whoever comes for the one rarely has the other
 * (Berkson 1946). Each site alone takes its own referrals for medicine; over all of them that cancels.
 */
export const dependence: Readonly<Record<string, SiteDependence>> = {
  cleveland: { share: { exercise: 0.4, resting: 0.95 }, correlation: 0.95 },
  hungarian: { share: { exercise: 0.4, resting: 0.95 }, correlation: -0.95 },
  switzerland: { share: { exercise: 0.4, resting: 0.95 }, correlation: 0 },
  va: { share: { exercise: 0.4, resting: 0.95 }, correlation: -0.95 },
};
