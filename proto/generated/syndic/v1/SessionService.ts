// Original file: syndic/v1/session.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { HelloRequest as _syndic_v1_HelloRequest, HelloRequest__Output as _syndic_v1_HelloRequest__Output } from '../../syndic/v1/HelloRequest.ts';
import type { HelloResponse as _syndic_v1_HelloResponse, HelloResponse__Output as _syndic_v1_HelloResponse__Output } from '../../syndic/v1/HelloResponse.ts';
import type { LoginRequest as _syndic_v1_LoginRequest, LoginRequest__Output as _syndic_v1_LoginRequest__Output } from '../../syndic/v1/LoginRequest.ts';
import type { LoginResponse as _syndic_v1_LoginResponse, LoginResponse__Output as _syndic_v1_LoginResponse__Output } from '../../syndic/v1/LoginResponse.ts';
import type { LogoutRequest as _syndic_v1_LogoutRequest, LogoutRequest__Output as _syndic_v1_LogoutRequest__Output } from '../../syndic/v1/LogoutRequest.ts';
import type { LogoutResponse as _syndic_v1_LogoutResponse, LogoutResponse__Output as _syndic_v1_LogoutResponse__Output } from '../../syndic/v1/LogoutResponse.ts';

export interface SessionServiceClient extends grpc.Client {
  Hello(argument: _syndic_v1_HelloRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  Hello(argument: _syndic_v1_HelloRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  Hello(argument: _syndic_v1_HelloRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  Hello(argument: _syndic_v1_HelloRequest, callback: grpc.requestCallback<_syndic_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  hello(argument: _syndic_v1_HelloRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  hello(argument: _syndic_v1_HelloRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  hello(argument: _syndic_v1_HelloRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  hello(argument: _syndic_v1_HelloRequest, callback: grpc.requestCallback<_syndic_v1_HelloResponse__Output>): grpc.ClientUnaryCall;
  
  Login(argument: _syndic_v1_LoginRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_LoginResponse__Output>): grpc.ClientUnaryCall;
  Login(argument: _syndic_v1_LoginRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_LoginResponse__Output>): grpc.ClientUnaryCall;
  Login(argument: _syndic_v1_LoginRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_LoginResponse__Output>): grpc.ClientUnaryCall;
  Login(argument: _syndic_v1_LoginRequest, callback: grpc.requestCallback<_syndic_v1_LoginResponse__Output>): grpc.ClientUnaryCall;
  login(argument: _syndic_v1_LoginRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_LoginResponse__Output>): grpc.ClientUnaryCall;
  login(argument: _syndic_v1_LoginRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_LoginResponse__Output>): grpc.ClientUnaryCall;
  login(argument: _syndic_v1_LoginRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_LoginResponse__Output>): grpc.ClientUnaryCall;
  login(argument: _syndic_v1_LoginRequest, callback: grpc.requestCallback<_syndic_v1_LoginResponse__Output>): grpc.ClientUnaryCall;
  
  Logout(argument: _syndic_v1_LogoutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_LogoutResponse__Output>): grpc.ClientUnaryCall;
  Logout(argument: _syndic_v1_LogoutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_LogoutResponse__Output>): grpc.ClientUnaryCall;
  Logout(argument: _syndic_v1_LogoutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_LogoutResponse__Output>): grpc.ClientUnaryCall;
  Logout(argument: _syndic_v1_LogoutRequest, callback: grpc.requestCallback<_syndic_v1_LogoutResponse__Output>): grpc.ClientUnaryCall;
  logout(argument: _syndic_v1_LogoutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_LogoutResponse__Output>): grpc.ClientUnaryCall;
  logout(argument: _syndic_v1_LogoutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_LogoutResponse__Output>): grpc.ClientUnaryCall;
  logout(argument: _syndic_v1_LogoutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_LogoutResponse__Output>): grpc.ClientUnaryCall;
  logout(argument: _syndic_v1_LogoutRequest, callback: grpc.requestCallback<_syndic_v1_LogoutResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface SessionServiceHandlers extends grpc.UntypedServiceImplementation {
  Hello: grpc.handleUnaryCall<_syndic_v1_HelloRequest__Output, _syndic_v1_HelloResponse>;
  
  Login: grpc.handleUnaryCall<_syndic_v1_LoginRequest__Output, _syndic_v1_LoginResponse>;
  
  Logout: grpc.handleUnaryCall<_syndic_v1_LogoutRequest__Output, _syndic_v1_LogoutResponse>;
  
}

export interface SessionServiceDefinition extends grpc.ServiceDefinition {
  Hello: MethodDefinition<_syndic_v1_HelloRequest, _syndic_v1_HelloResponse, _syndic_v1_HelloRequest__Output, _syndic_v1_HelloResponse__Output>
  Login: MethodDefinition<_syndic_v1_LoginRequest, _syndic_v1_LoginResponse, _syndic_v1_LoginRequest__Output, _syndic_v1_LoginResponse__Output>
  Logout: MethodDefinition<_syndic_v1_LogoutRequest, _syndic_v1_LogoutResponse, _syndic_v1_LogoutRequest__Output, _syndic_v1_LogoutResponse__Output>
}
