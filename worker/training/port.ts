import type { MetricSet, Report } from '../../core/manifest/Report.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import type { NamedTensor } from '../../core/tensors/file.ts';
import type { Round, Slot } from '../../core/values.ts';
import type { SiteData } from '../data/port.ts';

/** Does a round's local work. One task runs at a time; others wait their turn. */
export interface Trainer {
  /**
   * Trains the plan's model from `baseModel` on the site's training rows for `plan.training.localSteps` steps, with a
   * fresh optimiser. Nothing is kept between rounds: the same job gives the same bytes on one runtime, whatever ran
   * before. The caller's thread stays free meanwhile.
   *
   * @throws SyndicError CANCELLED once `signal` aborts; BACKEND_UNAVAILABLE when the model cannot run here;
   * TENSORS_MISMATCH when `baseModel` is not of the plan's model; DATA_INVALID when the data does not fit its inputs;
   * TRAINING_FAILED when it diverges or its thread dies
   */
  train(job: TrainingJob, options?: TrainingOptions): Promise<TrainingResult>;
  /** What `model` does on the site's test rows. @throws SyndicError as `train` */
  evaluate(job: EvaluationJob, options?: Pick<TrainingOptions, 'signal'>): Promise<MetricSet>;
  /** Ends what runs (as cancelled) and lets go of threads. */
  close(): Promise<void>;
}

export type SiteRows = Pick<SiteData, 'train' | 'test' | 'features'>;

export interface TrainingJob {
  readonly plan: Plan;
  readonly slot: Slot;
  readonly round: Round;
  /** A whole model file. */
  readonly baseModel: Uint8Array;
  readonly data: SiteRows;
}

export interface EvaluationJob {
  readonly plan: Plan;
  /** A whole model file. */
  readonly model: Uint8Array;
  readonly data: SiteRows;
}

export interface TrainingOptions {
  readonly signal?: AbortSignal;
  /** Told a few times a second at most, and at the last step. */
  readonly onProgress?: (step: number, total: number) => void;
}

export interface TrainingResult {
  /** The site's own model after its work, every tensor of the base. It stays at the site: `saltedUpdate` makes of it
   *  what leaves. */
  readonly local: readonly NamedTensor[];
  /** Optimiser steps done. */
  readonly steps: number;
  readonly runtime: Report['runtime'];
  readonly metrics: Report['metrics'];
}

/** `auto`: native where it loads, else WebAssembly, else plain JavaScript. */
export type BackendChoice = 'auto' | 'native' | 'wasm' | 'cpu';
