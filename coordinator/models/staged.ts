import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { bytesToHex, type Digest, digest } from '../../core/values.ts';
import { isDiskFull, openFile, readChunks, removeFile, writeExactly } from './files.ts';
import type { Partial, Stored } from './port.ts';
import type { Publish } from './publish.ts';
import type { Space } from './Space.ts';

interface Options {
  readonly path: string;
  readonly space: Space;
  readonly publish: Publish;
  /** Called once, when nobody holds the temporary open any more. */
  readonly released: () => void;
}

/** As the port has it; `commit` takes whatever digest the bytes have when none is expected. */
export interface StagedPartial extends Partial {
  commit(expected?: Digest): Promise<Stored>;
}

/**
 * A temporary at `path`. What an earlier process wrote there counts: the file's size says how much, and the hash is
 * taken up again by reading it once, when it is needed.
 */
export async function openStaged({ path, space, publish, released }: Options): Promise<StagedPartial> {
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
    released();
  }

  async function discard(): Promise<void> {
    if (!open) return;
    space.give(await removeFile(path));
    await close();
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
      // Of a copy: should publishing fail, the bytes are still here, and it may be tried again.
      const got = digest(bytesToHex(running.copy().digest()));
      if (expected !== undefined && got !== expected) {
        await discard();
        throw mismatch(expected, got);
      }
      await publish(path, got, received);
      await close();
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
