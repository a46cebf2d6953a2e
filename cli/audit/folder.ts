import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifacts } from '../../audit/port.ts';
import { fileName } from '../../core/values.ts';

/** A folder of files named by the 64 hex digits of their SHA-256: a model store, or what a worker keeps. */
export function folderArtifacts(folder: string): Artifacts {
  return {
    async open(digest) {
      const file = await openIfThere(join(folder, fileName(digest)));
      if (file === null) return null;
      const { size } = await file.stat();
      return {
        size,
        async read(offset, length) {
          const buffer = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
          let filled = 0;
          while (filled < buffer.length) {
            const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled);
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return buffer.subarray(0, filled);
        },
        close: () => file.close(),
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
