// Original file: syndic/v1/session.proto

import type { Long } from '@grpc/proto-loader';

export interface LoginRequest {
  'nonce'?: (Buffer | Uint8Array | string);
  'expires'?: (number | string | Long);
  'signature'?: (Buffer | Uint8Array | string);
}

export interface LoginRequest__Output {
  'nonce': (Buffer);
  'expires': (string);
  'signature': (Buffer);
}
