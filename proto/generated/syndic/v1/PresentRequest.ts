// Original file: syndic/v1/transfer.proto

import type { HeldReceipt as _syndic_v1_HeldReceipt, HeldReceipt__Output as _syndic_v1_HeldReceipt__Output } from '../../syndic/v1/HeldReceipt.ts';

export interface PresentRequest {
  'held'?: (_syndic_v1_HeldReceipt)[];
  'complete'?: (boolean);
}

export interface PresentRequest__Output {
  'held': (_syndic_v1_HeldReceipt__Output)[];
  'complete': (boolean);
}
