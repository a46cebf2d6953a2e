// Original file: syndic/v1/tasks.proto

import type { Cancelled as _syndic_v1_Cancelled, Cancelled__Output as _syndic_v1_Cancelled__Output } from '../../syndic/v1/Cancelled.ts';

export interface HeartbeatResponse {
  'cancelled'?: (_syndic_v1_Cancelled)[];
}

export interface HeartbeatResponse__Output {
  'cancelled': (_syndic_v1_Cancelled__Output)[];
}
