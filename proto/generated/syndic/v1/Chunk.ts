// Original file: syndic/v1/transfer.proto

import type { Long } from '@grpc/proto-loader';

export interface Chunk {
  'data'?: (Buffer | Uint8Array | string);
  'offset'?: (number | string | Long);
  'length'?: (number | string | Long);
}

export interface Chunk__Output {
  'data': (Buffer);
  'offset': (string);
  'length': (string);
}
