import type { serialize } from '@grpc/grpc-js';
import type { Chunk } from './generated/syndic/v1/Chunk.ts';
import type { UploadRequest } from './generated/syndic/v1/UploadRequest.ts';

/** Field 1, length-delimited: a chunk's data. Field 2: an upload request's chunk (Protocol Buffers, Encoding). */
const DATA_TAG = 0x0a;
const CHUNK_TAG = 0x12;

/**
 * A message in pieces, put together where grpc-js 1.14 frames it: of what it is given it asks for the length and for a
 * copy into its own buffer, and nothing else. A serializer that returned a Buffer would have copied the bytes before.
 */
class Pieces {
  readonly length: number;
  private readonly pieces: readonly Uint8Array[];

  constructor(pieces: readonly Uint8Array[]) {
    this.pieces = pieces;
    this.length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  }

  get byteLength(): number {
    return this.length;
  }

  copy(target: Uint8Array, at = 0): number {
    let next = at;
    for (const piece of this.pieces) {
      target.set(piece, next);
      next += piece.byteLength;
    }
    return this.length;
  }
}

/** Serialises a chunk to the same bytes as `small`, which is proto-loader's, without a copy of its data. */
export function chunkInPieces(small: serialize<Chunk>): serialize<Chunk> {
  return (chunk) => asBuffer(new Pieces(piecesOf(chunk, small)));
}

/** The same for an upload's messages; those that are no chunk are left to `whole`. */
export function uploadInPieces(whole: serialize<UploadRequest>, small: serialize<Chunk>): serialize<UploadRequest> {
  return (request) => {
    if (request.chunk === null || request.chunk === undefined) return whole(request);
    const pieces = piecesOf(request.chunk, small);
    return asBuffer(new Pieces([head(CHUNK_TAG, new Pieces(pieces).length), ...pieces]));
  };
}

function piecesOf({ data, ...rest }: Chunk, small: serialize<Chunk>): Uint8Array[] {
  if (!(data instanceof Uint8Array)) return [small({ data, ...rest })];
  return [head(DATA_TAG, data.byteLength), data, small(rest)];
}

/** A field's tag and length, the latter as a varint. */
function head(tag: number, length: number): Uint8Array {
  const bytes = [tag];
  let left = length;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Uint8Array.of(...bytes, left);
}

/** The types of grpc-js ask for a Buffer; see `Pieces` for what it does with one. */
function asBuffer(pieces: Pieces): Buffer {
  return pieces as unknown as Buffer;
}
