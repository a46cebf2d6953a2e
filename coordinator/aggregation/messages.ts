import type { ErrorCode } from '../../core/errors/codes.ts';
import type { ErrorDetails } from '../../core/errors/SyndicError.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import type { AggregationJob } from './port.ts';

/** To a thread: a plan whose initial model it is to make, a share of a job, or leave to make one block more. */
export type ToThread =
  | { readonly type: 'initial'; readonly plan: Pick<Plan, 'seed' | 'model'> }
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

/** What begins a stream of blocks. */
export type Beginning = Extract<ToThread, { type: 'initial' | 'start' }>;

/** Blocks that a thread may have made and nobody taken yet: with it, memory stays bounded. */
export const CREDIT = 8;
