// Original file: syndic/v1/session.proto


export interface LogoutRequest {
}

export interface LogoutRequest__Output {
}
