// Original file: syndic/v1/transfer.proto


export interface UploadResponse {
  'receipt'?: (Buffer | Uint8Array | string);
}

export interface UploadResponse__Output {
  'receipt': (Buffer);
}
