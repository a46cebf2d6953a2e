import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Large enough that per-call costs vanish, small enough for one message. */
export const CHUNK_BYTES = 512 * 1024;

export const openFile = open;

export function isMissing(error: unknown): boolean {
  return systemCode(error) === 'ENOENT';
}

/** Whether the disk, or our share of it, has no room left. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemCode(error));
}

// Not by instanceof: Node's own errors are of another realm than the code of a test.
function systemCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** Length in bytes; null when there is no such file. */
export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** @returns bytes that this gave back; 0 when there was no such file */
export async function removeFile(path: string): Promise<number> {
  const size = await sizeOf(path);
  if (size === null) return 0;
  await rm(path, { force: true });
  return size;
}

/** Bytes of the files in a folder, not of those in its folders. */
export async function bytesIn(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true });
  const sizes = await Promise.all(
    entries.filter((entry) => entry.isFile()).map(async (entry) => (await sizeOf(join(dir, entry.name))) ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A rename is durable only once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Bytes from `from` to the end, each chunk in a buffer of its own; closes the file however it ends. */
export async function* readChunks(file: FileHandle, from: number): AsyncGenerator<Uint8Array> {
  try {
    for (let at = from; ; ) {
      const chunk = await readExactly(file, at, CHUNK_BYTES);
      if (chunk.byteLength > 0) yield chunk;
      if (chunk.byteLength < CHUNK_BYTES) return;
      at += chunk.byteLength;
    }
  } finally {
    await file.close();
  }
}

/** `length` bytes at `offset`, fewer only at the end of the file. */
export async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  return await readInto(file, Buffer.allocUnsafeSlow(length), offset);
}

/** Fills `buffer` from `offset` on. @returns what was filled: less than all of it only at the end of the file */
export async function readInto(file: FileHandle, buffer: Uint8Array, offset: number): Promise<Uint8Array> {
  let got = 0;
  while (got < buffer.byteLength) {
    const { bytesRead } = await file.read(buffer, got, buffer.byteLength - got, offset + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return buffer.subarray(0, got);
}

export async function writeExactly(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  let put = 0;
  while (put < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, put, bytes.byteLength - put, offset + put);
    put += bytesWritten;
  }
}
