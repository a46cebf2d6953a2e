// Original file: syndic/v1/transfer.proto

import type { Long } from '@grpc/proto-loader';

export interface DownloadRequest {
  'digest'?: (Buffer | Uint8Array | string);
  'offset'?: (number | string | Long);
}

export interface DownloadRequest__Output {
  'digest': (Buffer);
  'offset': (string);
}
