// Original file: syndic/v1/tasks.proto


export interface WatchRequest {
}

export interface WatchRequest__Output {
}
