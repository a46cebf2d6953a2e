// Original file: syndic/v1/tasks.proto


export interface AnswerResponse {
  'state'?: (string);
  'error'?: (string);
}

export interface AnswerResponse__Output {
  'state': (string);
  'error': (string);
}
