// Original file: syndic/v1/tasks.proto

import type { Long } from '@grpc/proto-loader';

export interface Progress {
  'id'?: (string);
  'phase'?: (string);
  'done'?: (number | string | Long);
  'total'?: (number | string | Long);
}

export interface Progress__Output {
  'id': (string);
  'phase': (string);
  'done': (string);
  'total': (string);
}
