import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, fileName } from '../../core/values.ts';
import { sizeOf, syncFolder } from './files.ts';
import type { Space } from './Space.ts';

/** Gives a complete, synced temporary its final name; a file that has it already stays as it is. */
export type Publish = (temporary: string, digest: Digest, length: number) => Promise<void>;

export function publisher({ dir, space }: { dir: string; space: Space }): Publish {
  const inProgress = new Map<Digest, Promise<void>>();

  async function publishNow(temporary: string, digest: Digest, length: number): Promise<void> {
    const target = join(dir, fileName(digest));
    const there = await sizeOf(target);
    if (there === length) await rm(temporary, { force: true });
    else await rename(temporary, target);
    if (there !== null) space.give(there);
    // Also when the file was there: whoever renamed it may have died before this.
    await syncFolder(dir);
  }

  // The same bytes twice at once are one after the other, so that their space is counted once.
  return async (temporary, digest, length) => {
    const before = inProgress.get(digest) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(() => publishNow(temporary, digest, length));
    inProgress.set(digest, mine);
    try {
      await mine;
    } finally {
      if (inProgress.get(digest) === mine) inProgress.delete(digest);
    }
  };
}
