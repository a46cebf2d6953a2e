import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { rm } from 'node:fs/promises';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { bytesToHex, type Digest, digest } from '../../core/values.ts';
import { isDiskFull, openFile, readChunks, writeExactly } from './files.ts';
import type { Partial, Stored } from './port.ts';
import type { Publish } from './publish.ts';
import type { Space } from './Space.ts';

interface Options {
  readonly path: string;
  readonly space: Space;
  readonly publish: Publish;
}

/** As the port has it; `commit` takes whatever digest the bytes have when none is expected. */
export interface FilesystemPartial extends Partial {
  commit(expected?: Digest): Promise<Stored>;
}

/**
 * A temporary at `path`. What an earlier process wrote there counts: the file's size says how much, and the hash is
 * taken up again by reading it once, when the first byte is added.
 */
export async function openPartial({ path, space, publish }: Options): Promise<FilesystemPartial> {
  const file = await openFile(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let received = (await file.stat()).size;
  let hash: Hash | null = received === 0 ? createHash('sha256') : null;
  let open = true;

  async function* contents(): AsyncGenerator<Uint8Array> {
    yield* readChunks(await openFile(path, 'r'), 0);
  }

  async function hashSoFar(): Promise<Hash> {
    if (hash !== null) return hash;
    const again = createHash('sha256');
    for await (const chunk of contents()) again.update(chunk);
    hash = again;
    return again;
  }

  async function close(): Promise<void> {
    if (!open) return;
    open = false;
    await file.close();
  }

  async function discard(): Promise<void> {
    if (!open) return;
    await close();
    await rm(path, { force: true });
    space.give(received);
  }

  return {
    get received() {
      return received;
    },
    contents,
    close,
    discard,

    async append(chunk) {
      const running = await hashSoFar();
      space.take(chunk.byteLength);
      try {
        await writeExactly(file, chunk, received);
      } catch (error) {
        space.give(chunk.byteLength);
        await file.truncate(received);
        throw isDiskFull(error) ? diskFull(error) : error;
      }
      running.update(chunk);
      received += chunk.byteLength;
    },

    async commit(expected) {
      const running = await hashSoFar();
      await file.datasync();
      const got = digest(bytesToHex(running.digest()));
      if (expected !== undefined && got !== expected) {
        await discard();
        throw mismatch(expected, got);
      }
      await close();
      await publish(path, got, received);
      return { digest: got, length: received };
    },
  };
}

function mismatch(expected: Digest, got: Digest): SyndicError {
  return new SyndicError('DIGEST_MISMATCH', `the bytes have SHA-256 ${got}; ${expected} was announced: send it anew`, {
    expected,
    got,
  });
}

function diskFull(cause: unknown): SyndicError {
  return new SyndicError('STORE_FULL', "the store's disk is full: make room", {}, { cause });
}
