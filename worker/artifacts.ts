import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type Digest, fileName } from '../core/values.ts';
import type { Session } from './session/port.ts';

/**
 * The file of this digest: from the cache folder, else downloaded into it, going on where a broken download stopped.
 *
 * @throws SyndicError DIGEST_MISMATCH when what came is something else; nothing is kept then
 */
export async function fetchArtifact(
  session: Pick<Session, 'download'>,
  dir: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, fileName(digest));
  if (existsSync(path)) return await readFile(path);
  const aside = `${path}.part`;
  const file = await open(aside, 'a', 0o600);
  try {
    const { size } = await file.stat();
    for await (const chunk of session.download(digest, size, signal)) await file.appendFile(chunk);
    await file.datasync();
  } finally {
    await file.close();
  }
  const bytes = await readFile(aside);
  const got = `0x${createHash('sha256').update(bytes).digest('hex')}`;
  if (got !== digest) {
    await rm(aside);
    throw new SyndicError('DIGEST_MISMATCH', `asked for ${digest}, the coordinator sent a file of ${got}`, {
      got,
      want: digest,
    });
  }
  await rename(aside, path);
  return bytes;
}

/** Deletes cached files that `keep` does not name: a worker needs the plan and the current base, nothing older. */
export async function trimCache(dir: string, keep: readonly Digest[]): Promise<void> {
  const names = new Set(keep.map(fileName));
  for (const name of await readdir(dir)) if (!names.has(name)) await rm(join(dir, name), { force: true });
}
