import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { HelloRequest as _syndic_v1_HelloRequest, HelloRequest__Output as _syndic_v1_HelloRequest__Output } from './syndic/v1/HelloRequest.ts';
import type { HelloResponse as _syndic_v1_HelloResponse, HelloResponse__Output as _syndic_v1_HelloResponse__Output } from './syndic/v1/HelloResponse.ts';
import type { LoginRequest as _syndic_v1_LoginRequest, LoginRequest__Output as _syndic_v1_LoginRequest__Output } from './syndic/v1/LoginRequest.ts';
import type { LoginResponse as _syndic_v1_LoginResponse, LoginResponse__Output as _syndic_v1_LoginResponse__Output } from './syndic/v1/LoginResponse.ts';
import type { LogoutRequest as _syndic_v1_LogoutRequest, LogoutRequest__Output as _syndic_v1_LogoutRequest__Output } from './syndic/v1/LogoutRequest.ts';
import type { LogoutResponse as _syndic_v1_LogoutResponse, LogoutResponse__Output as _syndic_v1_LogoutResponse__Output } from './syndic/v1/LogoutResponse.ts';
import type { SessionServiceClient as _syndic_v1_SessionServiceClient, SessionServiceDefinition as _syndic_v1_SessionServiceDefinition } from './syndic/v1/SessionService.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  syndic: {
    v1: {
      HelloRequest: MessageTypeDefinition<_syndic_v1_HelloRequest, _syndic_v1_HelloRequest__Output>
      HelloResponse: MessageTypeDefinition<_syndic_v1_HelloResponse, _syndic_v1_HelloResponse__Output>
      LoginRequest: MessageTypeDefinition<_syndic_v1_LoginRequest, _syndic_v1_LoginRequest__Output>
      LoginResponse: MessageTypeDefinition<_syndic_v1_LoginResponse, _syndic_v1_LoginResponse__Output>
      LogoutRequest: MessageTypeDefinition<_syndic_v1_LogoutRequest, _syndic_v1_LogoutRequest__Output>
      LogoutResponse: MessageTypeDefinition<_syndic_v1_LogoutResponse, _syndic_v1_LogoutResponse__Output>
      SessionService: SubtypeConstructor<typeof grpc.Client, _syndic_v1_SessionServiceClient> & { service: _syndic_v1_SessionServiceDefinition }
    }
  }
}

