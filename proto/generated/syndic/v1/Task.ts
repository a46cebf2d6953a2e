// Original file: syndic/v1/tasks.proto

import type { Long } from '@grpc/proto-loader';

export interface Task {
  'id'?: (string);
  'kind'?: (string);
  'study'?: (Buffer | Uint8Array | string);
  'round'?: (number);
  'slot'?: (number);
  'plan'?: (Buffer | Uint8Array | string);
  'baseModel'?: (Buffer | Uint8Array | string);
  'opened'?: (number | string | Long);
  'deadline'?: (number | string | Long);
  'recordBy'?: (number | string | Long);
}

export interface Task__Output {
  'id': (string);
  'kind': (string);
  'study': (Buffer);
  'round': (number);
  'slot': (number);
  'plan': (Buffer);
  'baseModel': (Buffer);
  'opened': (string);
  'deadline': (string);
  'recordBy': (string);
}
