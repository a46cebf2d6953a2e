// Original file: syndic/v1/transfer.proto

import type { UploadBegin as _syndic_v1_UploadBegin, UploadBegin__Output as _syndic_v1_UploadBegin__Output } from '../../syndic/v1/UploadBegin.ts';
import type { Chunk as _syndic_v1_Chunk, Chunk__Output as _syndic_v1_Chunk__Output } from '../../syndic/v1/Chunk.ts';

export interface UploadRequest {
  'begin'?: (_syndic_v1_UploadBegin | null);
  'chunk'?: (_syndic_v1_Chunk | null);
  'part'?: "begin"|"chunk";
}

export interface UploadRequest__Output {
  'begin'?: (_syndic_v1_UploadBegin__Output | null);
  'chunk'?: (_syndic_v1_Chunk__Output | null);
  'part'?: "begin"|"chunk";
}
