import type { ErrorCode } from '../../core/errors/codes.ts';
import type { ErrorDetails } from '../../core/errors/SyndicError.ts';
import type { AggregationJob } from './port.ts';

/** How a thread opens the store for itself: what can be sent to it. */
export interface StoreConfig {
  readonly kind: 'filesystem';
  readonly dir: string;
}

/** To a thread: a share of a job, or leave to compute one block more. */
export type ToThread =
  | {
      readonly type: 'start';
      readonly job: AggregationJob;
      readonly share: { readonly index: number; readonly of: number };
      readonly blockBytes: number;
    }
  | { readonly type: 'more' }
  | { readonly type: 'stop' };

/** From a thread: its blocks in order, then one end or fault. */
export type FromThread =
  | { readonly type: 'block'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'fault'; readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails };

/** Blocks that a thread may have made and nobody taken yet: with it, memory stays bounded. */
export const CREDIT = 2;
