// Original file: syndic/v1/tasks.proto


export interface Cancelled {
  'id'?: (string);
  'reason'?: (string);
}

export interface Cancelled__Output {
  'id': (string);
  'reason': (string);
}
