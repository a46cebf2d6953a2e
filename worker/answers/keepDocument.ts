import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { sha256 } from '../../core/sha256.ts';
import { type Digest, fileName } from '../../core/values.ts';
import { keepFile } from '../keepFile.ts';
import type { Session } from '../session/port.ts';

/**
 * A document by its digest: from the folder, else downloaded and durably kept there for good, under the 64 hex digits
 * of its SHA-256.
 *
 * @param most bytes that it may have
 * @throws SyndicError NOT_FOUND, FORBIDDEN, TOO_LARGE, DIGEST_MISMATCH; nothing is kept then
 */
export async function keepDocument(
  session: Pick<Session, 'download'>,
  dir: string,
  { digest, most }: { readonly digest: Digest; readonly most: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const path = join(dir, fileName(digest));
  if (existsSync(path)) {
    const kept = await readFile(path);
    // What a bad disk did to it, a download mends.
    if (sha256(kept) === digest) return kept;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of session.download(digest, 0, signal)) {
    size += chunk.byteLength;
    if (size > most) {
      throw new SyndicError('TOO_LARGE', `${digest} is to have ${most} bytes at most: the coordinator sends more`, {
        digest,
        most,
      });
    }
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const got = sha256(bytes);
  if (got !== digest) {
    throw new SyndicError('DIGEST_MISMATCH', `asked for ${digest}, the coordinator sent a file of ${got}`, {
      got,
      want: digest,
    });
  }
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await keepFile(path, bytes, 0o600);
  return bytes;
}
