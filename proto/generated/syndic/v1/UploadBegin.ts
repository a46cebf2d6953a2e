// Original file: syndic/v1/transfer.proto

import type { Long } from '@grpc/proto-loader';

export interface UploadBegin {
  'task'?: (string);
  'statement'?: (Buffer | Uint8Array | string);
  'report'?: (Buffer | Uint8Array | string);
  'length'?: (number | string | Long);
  'offset'?: (number | string | Long);
}

export interface UploadBegin__Output {
  'task': (string);
  'statement': (Buffer);
  'report': (Buffer);
  'length': (string);
  'offset': (string);
}
