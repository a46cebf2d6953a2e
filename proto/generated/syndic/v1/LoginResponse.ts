// Original file: syndic/v1/session.proto

import type { Long } from '@grpc/proto-loader';

export interface LoginResponse {
  'token'?: (string);
  'expires'?: (number | string | Long);
  'heartbeatSeconds'?: (number);
  'maxChunkBytes'?: (number);
}

export interface LoginResponse__Output {
  'token': (string);
  'expires': (string);
  'heartbeatSeconds': (number);
  'maxChunkBytes': (number);
}
