import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifacts } from '../../audit/port.ts';
import { fileName } from '../../core/values.ts';

/** Bytes that most reads ask for at most. */
const ROOM = 256 * 1024;

/** A folder of files named by the 64 hex digits of their SHA-256: a model store, or what a worker keeps. */
export function folderArtifacts(folder: string): Artifacts {
  // Memory that nobody has touched yet costs more than reading a file that is cached.
  const spare: Uint8Array[] = [];
  return {
    async open(digest) {
      const file = await openIfThere(join(folder, fileName(digest)));
      if (file === null) return null;
      const { size } = await file.stat();
      let room = spare.pop() ?? new Uint8Array(ROOM);
      return {
        size,
        async read(offset, length) {
          const wanted = Math.max(0, Math.min(length, size - offset));
          if (room.length < wanted) room = new Uint8Array(wanted);
          const buffer = room.subarray(0, wanted);
          let filled = 0;
          while (filled < buffer.length) {
            const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled);
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return buffer.subarray(0, filled);
        },
        async close() {
          if (room.length === ROOM) spare.push(room);
          await file.close();
        },
      };
    },
  };
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw thrown;
  }
}
