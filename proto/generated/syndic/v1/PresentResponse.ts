// Original file: syndic/v1/transfer.proto

import type { Presented as _syndic_v1_Presented, Presented__Output as _syndic_v1_Presented__Output } from '../../syndic/v1/Presented.ts';

export interface PresentResponse {
  'presented'?: (_syndic_v1_Presented)[];
}

export interface PresentResponse__Output {
  'presented': (_syndic_v1_Presented__Output)[];
}
