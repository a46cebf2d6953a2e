import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AnswerRequest as _syndic_v1_AnswerRequest, AnswerRequest__Output as _syndic_v1_AnswerRequest__Output } from './syndic/v1/AnswerRequest.ts';
import type { AnswerResponse as _syndic_v1_AnswerResponse, AnswerResponse__Output as _syndic_v1_AnswerResponse__Output } from './syndic/v1/AnswerResponse.ts';
import type { Cancelled as _syndic_v1_Cancelled, Cancelled__Output as _syndic_v1_Cancelled__Output } from './syndic/v1/Cancelled.ts';
import type { HeartbeatRequest as _syndic_v1_HeartbeatRequest, HeartbeatRequest__Output as _syndic_v1_HeartbeatRequest__Output } from './syndic/v1/HeartbeatRequest.ts';
import type { HeartbeatResponse as _syndic_v1_HeartbeatResponse, HeartbeatResponse__Output as _syndic_v1_HeartbeatResponse__Output } from './syndic/v1/HeartbeatResponse.ts';
import type { Progress as _syndic_v1_Progress, Progress__Output as _syndic_v1_Progress__Output } from './syndic/v1/Progress.ts';
import type { RefuseRequest as _syndic_v1_RefuseRequest, RefuseRequest__Output as _syndic_v1_RefuseRequest__Output } from './syndic/v1/RefuseRequest.ts';
import type { RefuseResponse as _syndic_v1_RefuseResponse, RefuseResponse__Output as _syndic_v1_RefuseResponse__Output } from './syndic/v1/RefuseResponse.ts';
import type { Task as _syndic_v1_Task, Task__Output as _syndic_v1_Task__Output } from './syndic/v1/Task.ts';
import type { TaskEvent as _syndic_v1_TaskEvent, TaskEvent__Output as _syndic_v1_TaskEvent__Output } from './syndic/v1/TaskEvent.ts';
import type { TaskServiceClient as _syndic_v1_TaskServiceClient, TaskServiceDefinition as _syndic_v1_TaskServiceDefinition } from './syndic/v1/TaskService.ts';
import type { WatchRequest as _syndic_v1_WatchRequest, WatchRequest__Output as _syndic_v1_WatchRequest__Output } from './syndic/v1/WatchRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  syndic: {
    v1: {
      AnswerRequest: MessageTypeDefinition<_syndic_v1_AnswerRequest, _syndic_v1_AnswerRequest__Output>
      AnswerResponse: MessageTypeDefinition<_syndic_v1_AnswerResponse, _syndic_v1_AnswerResponse__Output>
      Cancelled: MessageTypeDefinition<_syndic_v1_Cancelled, _syndic_v1_Cancelled__Output>
      HeartbeatRequest: MessageTypeDefinition<_syndic_v1_HeartbeatRequest, _syndic_v1_HeartbeatRequest__Output>
      HeartbeatResponse: MessageTypeDefinition<_syndic_v1_HeartbeatResponse, _syndic_v1_HeartbeatResponse__Output>
      Progress: MessageTypeDefinition<_syndic_v1_Progress, _syndic_v1_Progress__Output>
      RefuseRequest: MessageTypeDefinition<_syndic_v1_RefuseRequest, _syndic_v1_RefuseRequest__Output>
      RefuseResponse: MessageTypeDefinition<_syndic_v1_RefuseResponse, _syndic_v1_RefuseResponse__Output>
      Task: MessageTypeDefinition<_syndic_v1_Task, _syndic_v1_Task__Output>
      TaskEvent: MessageTypeDefinition<_syndic_v1_TaskEvent, _syndic_v1_TaskEvent__Output>
      TaskService: SubtypeConstructor<typeof grpc.Client, _syndic_v1_TaskServiceClient> & { service: _syndic_v1_TaskServiceDefinition }
      WatchRequest: MessageTypeDefinition<_syndic_v1_WatchRequest, _syndic_v1_WatchRequest__Output>
    }
  }
}

