// Original file: syndic/v1/transfer.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Chunk as _syndic_v1_Chunk, Chunk__Output as _syndic_v1_Chunk__Output } from '../../syndic/v1/Chunk.ts';
import type { DownloadRequest as _syndic_v1_DownloadRequest, DownloadRequest__Output as _syndic_v1_DownloadRequest__Output } from '../../syndic/v1/DownloadRequest.ts';
import type { PresentRequest as _syndic_v1_PresentRequest, PresentRequest__Output as _syndic_v1_PresentRequest__Output } from '../../syndic/v1/PresentRequest.ts';
import type { PresentResponse as _syndic_v1_PresentResponse, PresentResponse__Output as _syndic_v1_PresentResponse__Output } from '../../syndic/v1/PresentResponse.ts';
import type { UploadRequest as _syndic_v1_UploadRequest, UploadRequest__Output as _syndic_v1_UploadRequest__Output } from '../../syndic/v1/UploadRequest.ts';
import type { UploadResponse as _syndic_v1_UploadResponse, UploadResponse__Output as _syndic_v1_UploadResponse__Output } from '../../syndic/v1/UploadResponse.ts';
import type { UploadStateRequest as _syndic_v1_UploadStateRequest, UploadStateRequest__Output as _syndic_v1_UploadStateRequest__Output } from '../../syndic/v1/UploadStateRequest.ts';
import type { UploadStateResponse as _syndic_v1_UploadStateResponse, UploadStateResponse__Output as _syndic_v1_UploadStateResponse__Output } from '../../syndic/v1/UploadStateResponse.ts';

export interface TransferServiceClient extends grpc.Client {
  Download(argument: _syndic_v1_DownloadRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_syndic_v1_Chunk__Output>;
  Download(argument: _syndic_v1_DownloadRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_syndic_v1_Chunk__Output>;
  download(argument: _syndic_v1_DownloadRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_syndic_v1_Chunk__Output>;
  download(argument: _syndic_v1_DownloadRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_syndic_v1_Chunk__Output>;
  
  Present(argument: _syndic_v1_PresentRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_PresentResponse__Output>): grpc.ClientUnaryCall;
  Present(argument: _syndic_v1_PresentRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_PresentResponse__Output>): grpc.ClientUnaryCall;
  Present(argument: _syndic_v1_PresentRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_PresentResponse__Output>): grpc.ClientUnaryCall;
  Present(argument: _syndic_v1_PresentRequest, callback: grpc.requestCallback<_syndic_v1_PresentResponse__Output>): grpc.ClientUnaryCall;
  present(argument: _syndic_v1_PresentRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_PresentResponse__Output>): grpc.ClientUnaryCall;
  present(argument: _syndic_v1_PresentRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_PresentResponse__Output>): grpc.ClientUnaryCall;
  present(argument: _syndic_v1_PresentRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_PresentResponse__Output>): grpc.ClientUnaryCall;
  present(argument: _syndic_v1_PresentRequest, callback: grpc.requestCallback<_syndic_v1_PresentResponse__Output>): grpc.ClientUnaryCall;
  
  Upload(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_UploadResponse__Output>): grpc.ClientWritableStream<_syndic_v1_UploadRequest>;
  Upload(metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_UploadResponse__Output>): grpc.ClientWritableStream<_syndic_v1_UploadRequest>;
  Upload(options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_UploadResponse__Output>): grpc.ClientWritableStream<_syndic_v1_UploadRequest>;
  Upload(callback: grpc.requestCallback<_syndic_v1_UploadResponse__Output>): grpc.ClientWritableStream<_syndic_v1_UploadRequest>;
  upload(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_UploadResponse__Output>): grpc.ClientWritableStream<_syndic_v1_UploadRequest>;
  upload(metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_UploadResponse__Output>): grpc.ClientWritableStream<_syndic_v1_UploadRequest>;
  upload(options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_UploadResponse__Output>): grpc.ClientWritableStream<_syndic_v1_UploadRequest>;
  upload(callback: grpc.requestCallback<_syndic_v1_UploadResponse__Output>): grpc.ClientWritableStream<_syndic_v1_UploadRequest>;
  
  UploadState(argument: _syndic_v1_UploadStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_UploadStateResponse__Output>): grpc.ClientUnaryCall;
  UploadState(argument: _syndic_v1_UploadStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_UploadStateResponse__Output>): grpc.ClientUnaryCall;
  UploadState(argument: _syndic_v1_UploadStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_UploadStateResponse__Output>): grpc.ClientUnaryCall;
  UploadState(argument: _syndic_v1_UploadStateRequest, callback: grpc.requestCallback<_syndic_v1_UploadStateResponse__Output>): grpc.ClientUnaryCall;
  uploadState(argument: _syndic_v1_UploadStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_UploadStateResponse__Output>): grpc.ClientUnaryCall;
  uploadState(argument: _syndic_v1_UploadStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_syndic_v1_UploadStateResponse__Output>): grpc.ClientUnaryCall;
  uploadState(argument: _syndic_v1_UploadStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_syndic_v1_UploadStateResponse__Output>): grpc.ClientUnaryCall;
  uploadState(argument: _syndic_v1_UploadStateRequest, callback: grpc.requestCallback<_syndic_v1_UploadStateResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface TransferServiceHandlers extends grpc.UntypedServiceImplementation {
  Download: grpc.handleServerStreamingCall<_syndic_v1_DownloadRequest__Output, _syndic_v1_Chunk>;
  
  Present: grpc.handleUnaryCall<_syndic_v1_PresentRequest__Output, _syndic_v1_PresentResponse>;
  
  Upload: grpc.handleClientStreamingCall<_syndic_v1_UploadRequest__Output, _syndic_v1_UploadResponse>;
  
  UploadState: grpc.handleUnaryCall<_syndic_v1_UploadStateRequest__Output, _syndic_v1_UploadStateResponse>;
  
}

export interface TransferServiceDefinition extends grpc.ServiceDefinition {
  Download: MethodDefinition<_syndic_v1_DownloadRequest, _syndic_v1_Chunk, _syndic_v1_DownloadRequest__Output, _syndic_v1_Chunk__Output>
  Present: MethodDefinition<_syndic_v1_PresentRequest, _syndic_v1_PresentResponse, _syndic_v1_PresentRequest__Output, _syndic_v1_PresentResponse__Output>
  Upload: MethodDefinition<_syndic_v1_UploadRequest, _syndic_v1_UploadResponse, _syndic_v1_UploadRequest__Output, _syndic_v1_UploadResponse__Output>
  UploadState: MethodDefinition<_syndic_v1_UploadStateRequest, _syndic_v1_UploadStateResponse, _syndic_v1_UploadStateRequest__Output, _syndic_v1_UploadStateResponse__Output>
}
