import type { ErrorCode } from '../../core/errors/codes.ts';
import type { ErrorDetails } from '../../core/errors/SyndicError.ts';
import type { MetricSet } from '../../core/manifest/Report.ts';
import type { Loaded } from './backends.ts';
import type { BackendChoice, EvaluationJob, TrainingJob, TrainingResult } from './port.ts';

/** What a training thread is started with. */
export interface ThreadOptions {
  readonly backend: BackendChoice;
  readonly nativeThreads?: number | undefined;
}

/** One at a time: the thread answers before it is asked again. */
export type Request =
  | { readonly kind: 'train'; readonly job: TrainingJob }
  | { readonly kind: 'evaluate'; readonly job: EvaluationJob };

export type Reply =
  /** Said once, by itself. */
  | { readonly kind: 'loaded'; readonly loaded: Loaded }
  | { readonly kind: 'progress'; readonly step: number; readonly total: number }
  | { readonly kind: 'trained'; readonly result: TrainingResult }
  | { readonly kind: 'evaluated'; readonly metrics: MetricSet }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails };
