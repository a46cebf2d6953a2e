// Original file: syndic/v1/tasks.proto

import type { Task as _syndic_v1_Task, Task__Output as _syndic_v1_Task__Output } from '../../syndic/v1/Task.ts';
import type { Cancelled as _syndic_v1_Cancelled, Cancelled__Output as _syndic_v1_Cancelled__Output } from '../../syndic/v1/Cancelled.ts';

export interface TaskEvent {
  'offered'?: (_syndic_v1_Task | null);
  'cancelled'?: (_syndic_v1_Cancelled | null);
  'event'?: "offered"|"cancelled";
}

export interface TaskEvent__Output {
  'offered'?: (_syndic_v1_Task__Output | null);
  'cancelled'?: (_syndic_v1_Cancelled__Output | null);
  'event'?: "offered"|"cancelled";
}
