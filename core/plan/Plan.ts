import type { Digest } from '../values.ts';

/**
 * A normalised plan: every default written in, every shorthand expanded. This document is what people are shown,
 * what is hashed (SHA-256 of its RFC 8785 bytes), stored and sent; it is never normalised again.
 */
export interface Plan {
  readonly schema: 'syndic.plan/1';
  readonly name: string;
  /** Why the data may be used: a GA4GH Data Use Ontology term and a sentence for people. */
  readonly purpose: { readonly duo: string; readonly modifiers: readonly string[]; readonly description: string };
  readonly ethics: { readonly approval: string; readonly body: string };
  /** The data controller: who answers for the processing. */
  readonly controller: string;
  /** Seed of everything that is seeded: initial weights, splits, batch order. */
  readonly seed: number;
  readonly model: ModelPlan;
  readonly data: DataPlan;
  readonly split: SplitPlan;
  readonly training: TrainingPlan;
  readonly strategy: StrategyPlan;
  readonly privacy: { readonly kind: 'none' };
  /** Completed rounds wanted. */
  readonly rounds: number;
  /** All rounds that may be tried, failed ones included. Default twice `rounds`. */
  readonly maxAttempts: number;
  /** Least members whose updates a completed round includes (the ledger's `minIncluded`); at least 2. */
  readonly quorum: number;
  /** Grants that must be live before the coordinator starts the study by itself. Default `quorum`. */
  readonly startAt: number;
  /** Seconds from a round's opening to its deadline. */
  readonly roundSeconds: number;
  /** Seconds after the deadline by which a receipt's record must stand on chain. Default one day. */
  readonly recordWithin: number;
  readonly weighting: 'samples' | 'capped' | 'uniform';
  readonly disclosure: 'exact' | 'bucketed';
  /** No member may declare more training rows than this. */
  readonly maxSamples: number;
  /** A figure leaves a site only if every group of rows that it rests on has this many. Default 10. */
  readonly minCell: number;
  /** Days that a member's update is kept after the study is final. */
  readonly retainDays: number;
  /** How update tensors are encoded on the wire and in files. */
  readonly encoding: 'f32';
  readonly access: {
    /** Whether auditors may read members' updates (a member's grant must say so too). */
    readonly auditorsReadUpdates: boolean;
  };
}

/** A Keras/TensorFlow.js layers topology; every layer named, every initialiser explicit. */
export interface ModelPlan {
  readonly kind: 'layers';
  /** `class_name` "Sequential" or "Model", with `config`, as `model.toJSON` of TensorFlow.js writes it. */
  readonly topology: { readonly class_name: string; readonly config: unknown };
}

export interface DataPlan {
  readonly format: {
    readonly kind: 'csv';
    readonly header: boolean;
    readonly delimiter: string;
    /** Spellings of "not known", beside the empty field. */
    readonly missing: readonly string[];
  };
  /** The declared columns, in file order when there is no header; a row's bytes in the dataset's root follow it. */
  readonly columns: readonly ColumnPlan[];
  /** The column whose values order the rows; null: position in the file. */
  readonly rowKey: string | null;
  /** What a row that does not fit the schema does: set aside and counted, or refuse the whole dataset. */
  readonly badRows: 'quarantine' | 'refuse';
  /** Model inputs, in this order; all plain numbers first or not, as listed. */
  readonly features: readonly FeaturePlan[];
  /** Applied to every feature after encoding, from the site's own training rows. */
  readonly normalise:
    | { readonly kind: 'none' }
    | { readonly kind: 'zscore'; readonly ddof: 0 | 1; readonly epsilon: number };
  readonly label: LabelPlan;
}

export interface ColumnPlan {
  readonly name: string;
  readonly type: 'number' | 'text';
  /** Inclusive bounds of a number; null: none. */
  readonly min: number | null;
  readonly max: number | null;
  /** The only values allowed; null: any. */
  readonly levels: readonly (number | string)[] | null;
}

export type FeaturePlan =
  | { readonly column: string; readonly encode: 'number' }
  | {
      readonly column: string;
      readonly encode: 'onehot';
      /** All levels over the union of sites, in this order. */
      readonly levels: readonly (number | string)[];
      /** `first`: no indicator for the first level. */
      readonly drop: 'first' | 'none';
    };

/** Binary: 1 where the column's value is above `above`, else 0. A row lacking a feature or the label is dropped. */
export interface LabelPlan {
  readonly column: string;
  readonly kind: 'binary';
  readonly above: number;
}

export type SplitPlan =
  /** Seeded by (plan seed, "split", slot): each site holds out this fraction of its rows, rounded to the nearest row. */
  | { readonly kind: 'fraction'; readonly test: number }
  /** A declared column says which. Rows with any other value are used by neither. */
  | { readonly kind: 'column'; readonly column: string; readonly train: string; readonly test: string }
  /** A file at the site, JSON `{train: number[], test: number[]}`: positions in the source file, from 0. */
  | { readonly kind: 'file' };

export interface TrainingPlan {
  readonly loss: 'binaryCrossentropy';
  readonly optimizer: { readonly name: 'sgd'; readonly learningRate: number };
  /** Rows a batch, or `full`: all training rows in every step. */
  readonly batchSize: number | 'full';
  /** Optimiser steps a round. */
  readonly localSteps: number;
  /** The last, short batch of an epoch is kept. */
  readonly shortBatch: 'keep';
}

export interface StrategyPlan {
  readonly name: 'fedavg';
}

/** A plan as it is checked, with the bytes that its hash covers. */
export interface CheckedPlan {
  readonly plan: Plan;
  /** RFC 8785 bytes (UTF-8) of `plan`. */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`: the plan hash. */
  readonly hash: Digest;
}
