import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Chunk as _syndic_v1_Chunk, Chunk__Output as _syndic_v1_Chunk__Output } from './syndic/v1/Chunk.ts';
import type { DownloadRequest as _syndic_v1_DownloadRequest, DownloadRequest__Output as _syndic_v1_DownloadRequest__Output } from './syndic/v1/DownloadRequest.ts';
import type { HeldReceipt as _syndic_v1_HeldReceipt, HeldReceipt__Output as _syndic_v1_HeldReceipt__Output } from './syndic/v1/HeldReceipt.ts';
import type { PresentRequest as _syndic_v1_PresentRequest, PresentRequest__Output as _syndic_v1_PresentRequest__Output } from './syndic/v1/PresentRequest.ts';
import type { PresentResponse as _syndic_v1_PresentResponse, PresentResponse__Output as _syndic_v1_PresentResponse__Output } from './syndic/v1/PresentResponse.ts';
import type { Presented as _syndic_v1_Presented, Presented__Output as _syndic_v1_Presented__Output } from './syndic/v1/Presented.ts';
import type { TransferServiceClient as _syndic_v1_TransferServiceClient, TransferServiceDefinition as _syndic_v1_TransferServiceDefinition } from './syndic/v1/TransferService.ts';
import type { UploadBegin as _syndic_v1_UploadBegin, UploadBegin__Output as _syndic_v1_UploadBegin__Output } from './syndic/v1/UploadBegin.ts';
import type { UploadRequest as _syndic_v1_UploadRequest, UploadRequest__Output as _syndic_v1_UploadRequest__Output } from './syndic/v1/UploadRequest.ts';
import type { UploadResponse as _syndic_v1_UploadResponse, UploadResponse__Output as _syndic_v1_UploadResponse__Output } from './syndic/v1/UploadResponse.ts';
import type { UploadStateRequest as _syndic_v1_UploadStateRequest, UploadStateRequest__Output as _syndic_v1_UploadStateRequest__Output } from './syndic/v1/UploadStateRequest.ts';
import type { UploadStateResponse as _syndic_v1_UploadStateResponse, UploadStateResponse__Output as _syndic_v1_UploadStateResponse__Output } from './syndic/v1/UploadStateResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  syndic: {
    v1: {
      Chunk: MessageTypeDefinition<_syndic_v1_Chunk, _syndic_v1_Chunk__Output>
      DownloadRequest: MessageTypeDefinition<_syndic_v1_DownloadRequest, _syndic_v1_DownloadRequest__Output>
      HeldReceipt: MessageTypeDefinition<_syndic_v1_HeldReceipt, _syndic_v1_HeldReceipt__Output>
      PresentRequest: MessageTypeDefinition<_syndic_v1_PresentRequest, _syndic_v1_PresentRequest__Output>
      PresentResponse: MessageTypeDefinition<_syndic_v1_PresentResponse, _syndic_v1_PresentResponse__Output>
      Presented: MessageTypeDefinition<_syndic_v1_Presented, _syndic_v1_Presented__Output>
      TransferService: SubtypeConstructor<typeof grpc.Client, _syndic_v1_TransferServiceClient> & { service: _syndic_v1_TransferServiceDefinition }
      UploadBegin: MessageTypeDefinition<_syndic_v1_UploadBegin, _syndic_v1_UploadBegin__Output>
      UploadRequest: MessageTypeDefinition<_syndic_v1_UploadRequest, _syndic_v1_UploadRequest__Output>
      UploadResponse: MessageTypeDefinition<_syndic_v1_UploadResponse, _syndic_v1_UploadResponse__Output>
      UploadStateRequest: MessageTypeDefinition<_syndic_v1_UploadStateRequest, _syndic_v1_UploadStateRequest__Output>
      UploadStateResponse: MessageTypeDefinition<_syndic_v1_UploadStateResponse, _syndic_v1_UploadStateResponse__Output>
    }
  }
}

