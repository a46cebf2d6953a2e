// Original file: syndic/v1/session.proto

import type { Long } from '@grpc/proto-loader';

export interface HelloResponse {
  'version'?: (string);
  'software'?: (string);
  'capabilities'?: (string)[];
  'coordinator'?: (string);
  'key'?: (string);
  'nonce'?: (Buffer | Uint8Array | string);
  'signature'?: (Buffer | Uint8Array | string);
  'expires'?: (number | string | Long);
}

export interface HelloResponse__Output {
  'version': (string);
  'software': (string);
  'capabilities': (string)[];
  'coordinator': (string);
  'key': (string);
  'nonce': (Buffer);
  'signature': (Buffer);
  'expires': (string);
}
