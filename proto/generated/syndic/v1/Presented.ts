// Original file: syndic/v1/transfer.proto


export interface Presented {
  'code'?: (string);
  'message'?: (string);
  'upload'?: (string);
}

export interface Presented__Output {
  'code': (string);
  'message': (string);
  'upload': (string);
}
