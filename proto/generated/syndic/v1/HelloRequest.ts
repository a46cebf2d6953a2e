// Original file: syndic/v1/session.proto


export interface HelloRequest {
  'versions'?: (string)[];
  'software'?: (string);
  'capabilities'?: (string)[];
  'slot'?: (number);
  'key'?: (string);
  'nonce'?: (Buffer | Uint8Array | string);
}

export interface HelloRequest__Output {
  'versions': (string)[];
  'software': (string);
  'capabilities': (string)[];
  'slot': (number);
  'key': (string);
  'nonce': (Buffer);
}
