// Original file: syndic/v1/tasks.proto

import type { Progress as _syndic_v1_Progress, Progress__Output as _syndic_v1_Progress__Output } from '../../syndic/v1/Progress.ts';

export interface HeartbeatRequest {
  'tasks'?: (_syndic_v1_Progress)[];
}

export interface HeartbeatRequest__Output {
  'tasks': (_syndic_v1_Progress__Output)[];
}
