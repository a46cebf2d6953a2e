import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifacts } from '../../audit/port.ts';
import { fileName } from '../../core/values.ts';

/** Bytes that most reads ask for at most. */
const ROOM = 256 * 1024;

/**
 * A folder of files named by the 64 hex digits of their SHA-256: a model store, or what a worker keeps. Files are read
 * synchronously: a command, or a thread of its own, has nothing else to do meanwhile, and of a study's tens of thousands of
 * small documents each would take ten times as long.
 */
export function folderArtifacts(folder: string): Artifacts {
  // Memory that nobody has touched yet costs more than reading a file that is cached.
  const spare: Uint8Array[] = [];
  return {
    async open(digest) {
      const file = openIfThere(join(folder, fileName(digest)));
      if (file === null) return null;
      const { size } = fstatSync(file);
      let room = spare.pop() ?? new Uint8Array(ROOM);
      return {
        size,
        async read(offset, length) {
          const wanted = Math.max(0, Math.min(length, size - offset));
          if (room.length < wanted) room = new Uint8Array(wanted);
          let filled = 0;
          while (filled < wanted) {
            const got = readSync(file, room, filled, wanted - filled, offset + filled);
            if (got === 0) break;
            filled += got;
          }
          return room.subarray(0, filled);
        },
        async close() {
          if (room.length === ROOM) spare.push(room);
          closeSync(file);
        },
      };
    },
  };
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw thrown;
  }
}
