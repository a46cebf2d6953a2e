// Original file: syndic/v1/session.proto


export interface LogoutResponse {
}

export interface LogoutResponse__Output {
}
