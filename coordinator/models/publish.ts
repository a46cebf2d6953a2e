import type { Digest } from '../../core/values.ts';

/** Makes a stored file of a complete, synced temporary, which then is gone; a stored file stays as it is. */
export type Publish = (temporary: string, digest: Digest, length: number) => Promise<void>;

/** The same bytes twice at once are published one after the other, so that their space is counted once. */
export function oneAfterTheOther(publish: Publish): Publish {
  const inProgress = new Map<Digest, Promise<void>>();
  return async (temporary, digest, length) => {
    const before = inProgress.get(digest) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(() => publish(temporary, digest, length));
    inProgress.set(digest, mine);
    try {
      await mine;
    } finally {
      if (inProgress.get(digest) === mine) inProgress.delete(digest);
    }
  };
}
