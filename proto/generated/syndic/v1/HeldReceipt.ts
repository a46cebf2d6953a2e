// Original file: syndic/v1/transfer.proto


export interface HeldReceipt {
  'statement'?: (Buffer | Uint8Array | string);
  'report'?: (Buffer | Uint8Array | string);
  'receipt'?: (Buffer | Uint8Array | string);
}

export interface HeldReceipt__Output {
  'statement': (Buffer);
  'report': (Buffer);
  'receipt': (Buffer);
}
