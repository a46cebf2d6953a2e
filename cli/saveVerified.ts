import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type Digest, digest } from '../core/values.ts';

/**
 * Streams bytes into a file beside `path` and renames it when their SHA-256 is `expected`. Resolves to their number.
 *
 * @throws SyndicError DIGEST_MISMATCH, COORDINATOR_UNAVAILABLE when the line breaks; `path` is as it was then
 */
export async function saveVerified(source: AsyncIterable<Uint8Array>, expected: Digest, path: string): Promise<number> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.part`;
  const file = await open(aside, 'wx');
  try {
    const { got, length } = await copy(source, (chunk) => file.writeFile(chunk));
    if (got !== expected) {
      throw new SyndicError('DIGEST_MISMATCH', `the file that came is ${got}, not ${expected}: nothing was kept`, {
        got,
        expected,
      });
    }
    await file.sync();
    await file.close();
    await rename(aside, path);
    return length;
  } catch (error) {
    await file.close();
    await rm(aside, { force: true });
    throw error;
  }
}

async function copy(
  source: AsyncIterable<Uint8Array>,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<{ got: Digest; length: number }> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of unbroken(source)) {
    hash.update(chunk);
    length += chunk.byteLength;
    await write(chunk);
  }
  return { got: digest(`0x${hash.digest('hex')}`), length };
}

/** A break of the line, told apart from a fault of the disk. */
async function* unbroken(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* source;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyndicError('COORDINATOR_UNAVAILABLE', `the download broke off (${reason}): try again`, {}, { cause });
  }
}
