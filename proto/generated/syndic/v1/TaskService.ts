// Original file: syndic/v1/tasks.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AnswerRequest as _syndic_v1_AnswerRequest, AnswerRequest__Output as _syndic_v1_AnswerRequest__Output } from '../../syndic/v1/AnswerRequest.ts';
import type { AnswerResponse as _syndic_v1_AnswerResponse, AnswerResponse__Output as _syndic_v1_AnswerResponse__Output } from '../../syndic/v1/AnswerResponse.ts';
import type { HeartbeatRequest as _syndic_v1_HeartbeatRequest, HeartbeatRequest__Output as _syndic_v1_HeartbeatRequest__Output } from '../../syndic/v1/HeartbeatRequest.ts';
import type { HeartbeatResponse as _syndic_v1_HeartbeatResponse, HeartbeatResponse__Output as _syndic_v1_HeartbeatResponse__Output } from '../../syndic/v1/HeartbeatResponse.ts';
import type { RefuseRequest as _syndic_v1_RefuseRequest, RefuseRequest__Output as _syndic_v1_RefuseRequest__Output } from '../../syndic/v1/RefuseRequest.ts';
import type { RefuseResponse as _syndic_v1_RefuseResponse, RefuseResponse__Output as _syndic_v1_RefuseResponse__Output } from '../../syndic/v1/RefuseResponse.ts';
import type { TaskEvent as _syndic_v1_TaskEvent, TaskEvent__Output as _syndic_v1_TaskEvent__Output } from '../../syndic/v1/TaskEvent.ts';
import type { WatchRequest as _syndic_v1_WatchRequest, WatchRequest__Output as _syndic_v1_WatchRequest__Output } from '../../syndic/v1/WatchRequest.ts';

export interface TaskServiceClient extends grpc.Client {
  Answer(argument: _syndic_v1_AnswerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_AnswerResponse__Output>): grpc.ClientUnaryCall;
  Answer(argument: _syndic_v1_AnswerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_AnswerResponse__Output>): grpc.ClientUnaryCall;
  Answer(argument: _syndic_v1_AnswerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_AnswerResponse__Output>): grpc.ClientUnaryCall;
  Answer(argument: _syndic_v1_AnswerRequest, callback: grpc.requestCallback<_syndic_v1_AnswerResponse__Output>): grpc.ClientUnaryCall;
  answer(argument: _syndic_v1_AnswerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_AnswerResponse__Output>): grpc.ClientUnaryCall;
  answer(argument: _syndic_v1_AnswerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_AnswerResponse__Output>): grpc.ClientUnaryCall;
  answer(argument: _syndic_v1_AnswerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_AnswerResponse__Output>): grpc.ClientUnaryCall;
  answer(argument: _syndic_v1_AnswerRequest, callback: grpc.requestCallback<_syndic_v1_AnswerResponse__Output>): grpc.ClientUnaryCall;
  
  Heartbeat(argument: _syndic_v1_HeartbeatRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _syndic_v1_HeartbeatRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _syndic_v1_HeartbeatRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  Heartbeat(argument: _syndic_v1_HeartbeatRequest, callback: grpc.requestCallback<_syndic_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _syndic_v1_HeartbeatRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _syndic_v1_HeartbeatRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _syndic_v1_HeartbeatRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  heartbeat(argument: _syndic_v1_HeartbeatRequest, callback: grpc.requestCallback<_syndic_v1_HeartbeatResponse__Output>): grpc.ClientUnaryCall;
  
  Refuse(argument: _syndic_v1_RefuseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_RefuseResponse__Output>): grpc.ClientUnaryCall;
  Refuse(argument: _syndic_v1_RefuseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_RefuseResponse__Output>): grpc.ClientUnaryCall;
  Refuse(argument: _syndic_v1_RefuseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_RefuseResponse__Output>): grpc.ClientUnaryCall;
  Refuse(argument: _syndic_v1_RefuseRequest, callback: grpc.requestCallback<_syndic_v1_RefuseResponse__Output>): grpc.ClientUnaryCall;
  refuse(argument: _syndic_v1_RefuseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_RefuseResponse__Output>): grpc.ClientUnaryCall;
  refuse(argument: _syndic_v1_RefuseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_RefuseResponse__Output>): grpc.ClientUnaryCall;
  refuse(argument: _syndic_v1_RefuseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_RefuseResponse__Output>): grpc.ClientUnaryCall;
  refuse(argument: _syndic_v1_RefuseRequest, callback: grpc.requestCallback<_syndic_v1_RefuseResponse__Output>): grpc.ClientUnaryCall;
  
  Watch(argument: _syndic_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_syndic_v1_TaskEvent__Output>;
  Watch(argument: _syndic_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_syndic_v1_TaskEvent__Output>;
  watch(argument: _syndic_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_syndic_v1_TaskEvent__Output>;
  watch(argument: _syndic_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_syndic_v1_TaskEvent__Output>;
  
}

export interface TaskServiceHandlers extends grpc.UntypedServiceImplementation {
  Answer: grpc.handleUnaryCall<_syndic_v1_AnswerRequest__Output, _syndic_v1_AnswerResponse>;
  
  Heartbeat: grpc.handleUnaryCall<_syndic_v1_HeartbeatRequest__Output, _syndic_v1_HeartbeatResponse>;
  
  Refuse: grpc.handleUnaryCall<_syndic_v1_RefuseRequest__Output, _syndic_v1_RefuseResponse>;
  
  Watch: grpc.handleServerStreamingCall<_syndic_v1_WatchRequest__Output, _syndic_v1_TaskEvent>;
  
}

export interface TaskServiceDefinition extends grpc.ServiceDefinition {
  Answer: MethodDefinition<_syndic_v1_AnswerRequest, _syndic_v1_AnswerResponse, _syndic_v1_AnswerRequest__Output, _syndic_v1_AnswerResponse__Output>
  Heartbeat: MethodDefinition<_syndic_v1_HeartbeatRequest, _syndic_v1_HeartbeatResponse, _syndic_v1_HeartbeatRequest__Output, _syndic_v1_HeartbeatResponse__Output>
  Refuse: MethodDefinition<_syndic_v1_RefuseRequest, _syndic_v1_RefuseResponse, _syndic_v1_RefuseRequest__Output, _syndic_v1_RefuseResponse__Output>
  Watch: MethodDefinition<_syndic_v1_WatchRequest, _syndic_v1_TaskEvent, _syndic_v1_WatchRequest__Output, _syndic_v1_TaskEvent__Output>
}
