// Original file: syndic/v1/transfer.proto


export interface UploadStateRequest {
  'task'?: (string);
  'update'?: (Buffer | Uint8Array | string);
}

export interface UploadStateRequest__Output {
  'task': (string);
  'update': (Buffer);
}
