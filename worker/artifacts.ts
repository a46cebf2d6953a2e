import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { sha256 } from '../core/sha256.ts';
import { bytesToHex, type Digest, fileName } from '../core/values.ts';
import type { Session } from './session/port.ts';

/**
 * The file of this digest: from the cache folder, else downloaded into it, going on where a broken download stopped.
 * What is cached is not synced but hashed each time: what a power cut or a bad disk did to it, a download mends.
 *
 * @param most bytes that it may have: a coordinator that never stops sending must not fill the hospital's disk
 * @throws SyndicError TOO_LARGE at the first byte over `most`, DIGEST_MISMATCH when what came is something else; nothing
 * is kept then
 */
export async function fetchArtifact(
  session: Pick<Session, 'download'>,
  dir: string,
  digest: Digest,
  most: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, fileName(digest));
  const cached = await readCached(path, digest);
  if (cached !== null) return cached;
  const aside = `${path}.part`;
  const bytes = Buffer.allocUnsafeSlow(most);
  const file = await open(aside, 'a+', 0o600);
  const hash = createHash('sha256');
  let held = 0;
  let size = 0;
  const take = (piece: Uint8Array) => {
    hash.update(piece);
    size += piece.byteLength;
  };
  try {
    held = (await file.read(bytes, 0, most, 0)).bytesRead;
    take(bytes.subarray(0, held));
    for await (const chunk of session.download(digest, held, signal)) {
      if (size + chunk.byteLength > most) {
        await rm(aside);
        throw new SyndicError(
          'TOO_LARGE',
          `${digest} was to have ${most} bytes at most, and the coordinator sends more`,
          { most },
        );
      }
      bytes.set(chunk, size);
      take(chunk);
      await file.appendFile(chunk);
    }
  } finally {
    await file.close();
  }
  const got = bytesToHex(hash.digest()) as Digest;
  if (got !== digest) {
    await rm(aside);
    // What was held may be what a power cut left of it: from the start it is the coordinator's alone.
    if (held > 0) return await fetchArtifact(session, dir, digest, most, signal);
    throw new SyndicError('DIGEST_MISMATCH', `asked for ${digest}, the coordinator sent a file of ${got}`, {
      got,
      want: digest,
    });
  }
  await rename(aside, path);
  return bytes.subarray(0, size);
}

/** Null when there is none, or none that is whole. */
async function readCached(path: string, digest: Digest): Promise<Uint8Array | null> {
  if (!existsSync(path)) return null;
  const bytes = await readFile(path);
  if (sha256(bytes) === digest) return bytes;
  await rm(path);
  return null;
}

/** Deletes cached files that `keep` does not name: a worker needs the plan and the current base, nothing older. */
export async function trimCache(dir: string, keep: readonly Digest[]): Promise<void> {
  const names = new Set(keep.map(fileName));
  for (const name of await readdir(dir)) if (!names.has(name)) await rm(join(dir, name), { force: true });
}
