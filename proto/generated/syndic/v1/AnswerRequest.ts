// Original file: syndic/v1/tasks.proto


export interface AnswerRequest {
  'study'?: (Buffer | Uint8Array | string);
  'round'?: (number);
  'recordHash'?: (Buffer | Uint8Array | string);
  'reason'?: (number);
  'signature'?: (Buffer | Uint8Array | string);
}

export interface AnswerRequest__Output {
  'study': (Buffer);
  'round': (number);
  'recordHash': (Buffer);
  'reason': (number);
  'signature': (Buffer);
}
