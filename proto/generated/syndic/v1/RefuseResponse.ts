// Original file: syndic/v1/tasks.proto


export interface RefuseResponse {
}

export interface RefuseResponse__Output {
}
