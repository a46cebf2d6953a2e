import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync, type Options } from '@grpc/proto-loader';
import type { ProtoGrpcType as SessionPackage } from './generated/session.ts';
import type { TransferServiceDefinition } from './generated/syndic/v1/TransferService.ts';
import type { ProtoGrpcType as TasksPackage } from './generated/tasks.ts';
import type { ProtoGrpcType as TransferPackage } from './generated/transfer.ts';
import { chunkInPieces, uploadInPieces } from './pieces.ts';

/** The same choices as proto/generate.ts, so that what is loaded has the generated types. */
export const protoOptions: Options = {
  longs: String,
  enums: String,
  oneofs: true,
  defaults: true,
  includeDirs: [import.meta.dirname],
};

type Syndic = SessionPackage & TasksPackage & TransferPackage;

/** The wire contract: service definitions and client constructors of `syndic.v1`. */
export function loadWire(): Syndic['syndic']['v1'] {
  const names = ['session', 'tasks', 'transfer'].map((name) => `syndic/v1/${name}.proto`);
  const definition = loadSync(names, protoOptions);
  // Before the clients are made of it: they keep the serializers that they find.
  const { Download, Upload } = definition['syndic.v1.TransferService'] as unknown as TransferServiceDefinition;
  const small = Download.responseSerialize;
  Download.responseSerialize = chunkInPieces(small);
  Upload.requestSerialize = uploadInPieces(Upload.requestSerialize, small);
  return (loadPackageDefinition(definition) as unknown as Syndic).syndic.v1;
}
