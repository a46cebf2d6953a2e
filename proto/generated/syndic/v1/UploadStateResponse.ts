// Original file: syndic/v1/transfer.proto

import type { Long } from '@grpc/proto-loader';

export interface UploadStateResponse {
  'received'?: (number | string | Long);
  'receipt'?: (Buffer | Uint8Array | string);
}

export interface UploadStateResponse__Output {
  'received': (string);
  'receipt': (Buffer);
}
