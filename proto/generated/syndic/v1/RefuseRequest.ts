// Original file: syndic/v1/tasks.proto


export interface RefuseRequest {
  'id'?: (string);
  'code'?: (string);
  'message'?: (string);
}

export interface RefuseRequest__Output {
  'id': (string);
  'code': (string);
  'message': (string);
}
