import type { DataPlan, Plan } from '../../core/plan/Plan.ts';
import type { Slot } from '../../core/values.ts';

/** A hospital's dataset, wherever it is kept. Nothing of it leaves through here: callers see arrays and counts. */
export interface DataSource extends RowSource {
  /**
   * Reads the dataset under a plan: checks it against the schema, sets bad rows aside, drops rows that lack a feature
   * or the label, encodes, splits, normalises. The same source, plan and slot give the same arrays.
   * @throws SyndicError DATA_INVALID when the source does not fit the plan (which column, how many rows, what to do).
   * @throws SyndicError NOT_FOUND when the source is not there.
   */
  load(plan: Plan, slot: Slot): Promise<SiteData>;
}

/** Whatever yields a dataset's rows in the dataset's own order; versions and training both read through it. */
export interface RowSource {
  /**
   * All rows of the source, in chunks: by `rowKey` ascending (numbers by value, text by UTF-8 bytes; rows without a
   * readable key last, as they stand in the source), else as they stand in the source.
   * @throws SyndicError DATA_INVALID, NOT_FOUND: as {@link DataSource.load}.
   */
  rows(schema: DatasetSchema): AsyncIterable<readonly SourceRow[]>;
}

/** What of a plan says how to read a dataset, apart from any model. */
export type DatasetSchema = Pick<DataPlan, 'format' | 'columns' | 'rowKey'>;

/** A field: a number or text by its column's type; null where it is missing. */
export type Cell = number | string | null;

export interface SourceRow {
  /** The row's place in the source, from 0; null where the source cannot tell (an unreadable row). */
  readonly position: number | null;
  /** In the order of the schema's columns. Empty when the row could not be read as a row. A field that is not of its
   *  column's type stands as its text. */
  readonly cells: readonly Cell[];
  /** Why the row does not fit the schema; null: it does. */
  readonly fault: Fault | null;
}

export type FaultKind =
  /** Too few or too many fields. */
  | 'fields'
  /** Not UTF-8. */
  | 'unreadable'
  /** Not a finite number in a column of numbers. */
  | 'type'
  /** Below `min` or above `max`. */
  | 'range'
  /** None of the declared levels. */
  | 'level'
  /** Lacks the row key. */
  | 'key';

/** Names a column, never a value: this is logged. */
export interface Fault {
  readonly kind: FaultKind;
  readonly column: string | null;
}

export interface Tally {
  readonly count: number;
  /** Sorted by kind, then column. Each row is counted once, under the first thing found. */
  readonly reasons: readonly (Fault & { readonly count: number })[];
}

/** Rows of one part of the split, in the dataset's order. */
export interface Rows {
  readonly rows: number;
  /** rows × features, row-major. Backed by shared memory, so that a training thread reads it without a copy. */
  readonly x: Float32Array;
  /** Labels, one a row. */
  readonly y: Float32Array;
}

/** A site's data as a plan's model takes it. Every count here is exact and for the site's eyes only. */
export interface SiteData {
  readonly train: Rows;
  readonly test: Rows;
  /** Numbers a row, in the order of `featureNames`. */
  readonly features: number;
  /** `age`, or `cp=2` for the indicator of a level. */
  readonly featureNames: readonly string[];
  /** Rows in the source, whatever became of them: train + test + quarantined + dropped + unused. A dataset version
   *  covers all of them. */
  readonly rowCount: number;
  /** Rows that do not fit the schema. */
  readonly quarantined: Tally;
  /** Rows that fit but lack a feature or the label, by the first column found missing. */
  readonly dropped: { readonly count: number; readonly reasons: readonly { column: string; count: number }[] };
  /** Rows that fit, but that the split gives to neither part. */
  readonly unused: number;
}
