import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Digest, fileName } from '../../core/values.ts';
import {
  bytesIn,
  isMissing,
  openFile,
  readChunks,
  readExactly,
  readInto,
  removeFile,
  sizeOf,
  syncFolder,
} from './files.ts';
import type { ModelStore } from './port.ts';
import { oneAfterTheOther, type Publish } from './publish.ts';
import { createSpace, type Space } from './Space.ts';
import { createStaging } from './staging.ts';

export interface FilesystemStoreOptions {
  /** Made when it is missing. Temporaries live in `tmp` inside it, so that a rename never crosses file systems. */
  readonly dir: string;
  /** Most bytes that files and temporaries may take together. Default: no bound of ours. */
  readonly maxBytes?: number;
}

/**
 * A folder of files named by the 64 hex digits of their SHA-256. What has such a name is complete and durable: bytes
 * are written to `tmp`, synced, renamed, and the folder synced.
 *
 * One process at a time writes to a partial; stored files may be shared by many.
 */
export async function createFilesystemStore(options: FilesystemStoreOptions): Promise<ModelStore> {
  const { dir } = options;
  const tmp = join(dir, 'tmp');
  await mkdir(tmp, { recursive: true });
  const space = createSpace(options.maxBytes ?? Number.POSITIVE_INFINITY, (await bytesIn(dir)) + (await bytesIn(tmp)));
  const staging = createStaging({ dir: tmp, space, publish: oneAfterTheOther(renamer(dir, space)) });

  const pathOf = (digest: Digest) => join(dir, fileName(digest));

  return {
    ...staging,

    get heldBytes() {
      return space.held;
    },

    async *open(digest, from = 0) {
      yield* readChunks(await openStored(digest, pathOf(digest)), from);
    },

    async read(digest, offset, length) {
      const file = await openStored(digest, pathOf(digest));
      try {
        return await readExactly(file, offset, length);
      } finally {
        await file.close();
      }
    },

    async reader(digest) {
      const file = await openStored(digest, pathOf(digest));
      return { read: (offset, into) => readInto(file, into, offset), close: () => file.close() };
    },

    size: async (digest) => sizeOf(pathOf(digest)),

    async delete(digest) {
      space.give(await removeFile(pathOf(digest)));
      await syncFolder(dir);
    },
  };
}

function renamer(dir: string, space: Space): Publish {
  return async (temporary, digest, length) => {
    const target = join(dir, fileName(digest));
    const there = await sizeOf(target);
    if (there === length) await rm(temporary, { force: true });
    else await rename(temporary, target);
    if (there !== null) space.give(there);
    // Also when the file was there: whoever renamed it may have died before this.
    await syncFolder(dir);
  };
}

async function openStored(digest: Digest, path: string) {
  try {
    return await openFile(path, 'r');
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new SyndicError('NOT_FOUND', `the store has no file ${fileName(digest)}`, { digest }, { cause });
  }
}
