import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Digest, fileName } from '../../core/values.ts';
import { isMissing, openFile, readChunks, readExactly, sizeOf, syncFolder } from './files.ts';
import { type FilesystemPartial, openPartial } from './filesystemPartial.ts';
import type { ModelStore } from './port.ts';
import { publisher } from './publish.ts';
import { createSpace, type Space } from './Space.ts';

export interface FilesystemStoreOptions {
  /** Made when it is missing. Temporaries live in `tmp` inside it, so that a rename never crosses file systems. */
  readonly dir: string;
  /** Most bytes that files and temporaries may take together. Default: no bound of ours. */
  readonly maxBytes?: number;
}

const PARTIAL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

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
  const space = createSpace(options.maxBytes ?? Number.POSITIVE_INFINITY, (await usage(dir)) + (await usage(tmp)));
  const publish = publisher({ dir, space });
  const busy = new Set<string>();

  const pathOf = (digest: Digest) => join(dir, fileName(digest));

  async function open(name: string): Promise<FilesystemPartial> {
    busy.add(name);
    const partial = await openPartial({ path: join(tmp, name), space, publish }).catch((error: unknown) => {
      busy.delete(name);
      throw error;
    });
    const release = <A extends unknown[], R>(end: (...args: A) => Promise<R>) => {
      return (...args: A) => end(...args).finally(() => busy.delete(name));
    };
    return {
      get received() {
        return partial.received;
      },
      contents: partial.contents,
      append: partial.append,
      commit: release(partial.commit),
      discard: release(partial.discard),
      close: release(partial.close),
    };
  }

  return {
    async put(source, limit) {
      const partial = await open(`put-${randomBytes(16).toString('hex')}`);
      try {
        for await (const chunk of source) {
          if (partial.received + chunk.byteLength > limit) throw tooLarge(limit);
          await partial.append(chunk);
        }
        return await partial.commit();
      } catch (error) {
        await partial.discard();
        throw error;
      }
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

    size: async (digest) => sizeOf(pathOf(digest)),

    async delete(digest) {
      await removeFile(pathOf(digest), space);
      await syncFolder(dir);
    },

    async partial(name) {
      if (!PARTIAL_NAME.test(name) || name.startsWith('.')) throw new RangeError(`not a name for a partial: ${name}`);
      if (busy.has(name)) {
        throw new SyndicError('TOO_MANY', `partial ${name} is open already: let go of it first`, { name });
      }
      return open(name);
    },

    async sweep(keep) {
      const stale = (await readdir(tmp)).filter((name) => !busy.has(name) && !keep(name));
      for (const name of stale) await removeFile(join(tmp, name), space);
      return stale.length;
    },
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

async function removeFile(path: string, space: Space): Promise<void> {
  const size = await sizeOf(path);
  if (size === null) return;
  await rm(path, { force: true });
  space.give(size);
}

async function usage(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true });
  const sizes = await Promise.all(
    entries.filter((entry) => entry.isFile()).map(async (entry) => (await sizeOf(join(dir, entry.name))) ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function tooLarge(limit: number): SyndicError {
  return new SyndicError('TOO_LARGE', `more than the ${limit} bytes that are allowed here`, { limit });
}
