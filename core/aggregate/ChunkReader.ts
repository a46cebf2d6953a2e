import { SyndicError } from '../errors/SyndicError.ts';

/**
 * Reads a stored file at any place: exactly `length` bytes from `offset`, fewer only where the file ends. Of one
 * aggregation, two pieces are in use at a time, the last that was asked for and the one before: its readers may share
 * two buffers in turn.
 */
export type ChunkReader = (offset: number, length: number) => Uint8Array | Promise<Uint8Array>;

/** A reader over bytes in memory. */
export function readerOf(bytes: Uint8Array): ChunkReader {
  return (offset, length) => bytes.subarray(offset, offset + length);
}

/** @throws SyndicError LENGTH_MISMATCH when the file ends before */
export async function readExactly(read: ChunkReader, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await read(offset, length);
  if (bytes.byteLength !== length) {
    throw new SyndicError(
      'LENGTH_MISMATCH',
      `file ends ${length - bytes.byteLength} bytes short of ${offset + length}: fetch it again`,
      { got: offset + bytes.byteLength, want: offset + length },
    );
  }
  return bytes;
}
