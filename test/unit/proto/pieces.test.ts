import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ProtoGrpcType } from '../../../proto/generated/transfer.ts';
import { loadWire, protoOptions } from '../../../proto/load.ts';

/** As proto-loader does it by itself. */
const plain = (loadPackageDefinition(loadSync('syndic/v1/transfer.proto', protoOptions)) as unknown as ProtoGrpcType)
  .syndic.v1.TransferService.service;
const { TransferService } = loadWire();
const ours = TransferService.service;
/** As the client calls it, which need not be what its service says. */
const upload = TransferService.prototype.upload as unknown as typeof ours.Upload;

const count = fc.option(fc.nat().map(String), { nil: undefined });
const data = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(0, 127, 128, 16_383, 16_384, 600_000).map((length) => new Uint8Array(length).fill(7)),
);
const chunk = fc.record({ data: data.map((bytes) => Buffer.from(bytes)), offset: count, length: count });

/** What grpc-js does with a serialised message. */
function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(message.byteLength + 5);
  message.copy(frame, 5);
  expect(message.length).toBe(message.byteLength);
  return frame.subarray(5);
}

describe('a message in pieces', () => {
  test('has the bytes that proto-loader gives a chunk that is sent down', () => {
    fc.assert(
      fc.property(chunk, (message) => {
        const sent = ours.Download.responseSerialize(message);
        expect(Buffer.isBuffer(sent)).toBe(false);
        expect(framed(sent).equals(plain.Download.responseSerialize(message))).toBe(true);
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  test('… and one that is sent up', () => {
    fc.assert(
      fc.property(chunk, (message) => {
        const request = { chunk: message };
        const sent = upload.requestSerialize(request);
        expect(Buffer.isBuffer(sent)).toBe(false);
        expect(framed(sent).equals(plain.Upload.requestSerialize(request))).toBe(true);
      }),
      { seed: 12, numRuns: 100 },
    );
  });

  test('leaves what is no chunk as it is', () => {
    const begin = { task: 't', statement: Buffer.from('s'), report: Buffer.from('r'), length: 5, offset: 0 };
    expect(ours.Upload.requestSerialize({ begin })).toEqual(plain.Upload.requestSerialize({ begin }));
    expect(ours.Upload.requestSerialize({})).toEqual(plain.Upload.requestSerialize({}));
  });
});
