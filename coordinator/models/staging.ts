import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { removeFile } from './files.ts';
import type { ModelStore } from './port.ts';
import type { Publish } from './publish.ts';
import type { Space } from './Space.ts';
import { openStaged, type StagedPartial } from './staged.ts';

export interface StagingOptions {
  /** Folder of the temporaries, which is there. */
  readonly dir: string;
  readonly space: Space;
  /** Makes a stored file of a complete temporary, which then is gone. */
  readonly publish: Publish;
}

/** The half of a store that takes bytes in: temporaries on a local disk until their digest is known. */
export type Staging = Pick<ModelStore, 'put' | 'partial' | 'sweep'>;

const PARTIAL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

export function createStaging({ dir, space, publish }: StagingOptions): Staging {
  const busy = new Set<string>();

  async function open(name: string): Promise<StagedPartial> {
    busy.add(name);
    const released = () => void busy.delete(name);
    try {
      return await openStaged({ path: join(dir, name), space, publish, released });
    } catch (error) {
      released();
      throw error;
    }
  }

  return {
    async put(source, limit) {
      const staged = await open(`put-${randomBytes(16).toString('hex')}`);
      try {
        for await (const chunk of source) {
          if (staged.received + chunk.byteLength > limit) throw tooLarge(limit);
          await staged.append(chunk);
        }
        return await staged.commit();
      } catch (error) {
        await staged.discard();
        throw error;
      }
    },

    async partial(name) {
      if (!PARTIAL_NAME.test(name) || name.startsWith('.')) throw new RangeError(`not a name for a partial: ${name}`);
      if (busy.has(name)) {
        throw new SyndicError('TOO_MANY', `partial ${name} is open already: let go of it first`, { name });
      }
      return open(name);
    },

    async sweep(keep) {
      const stale = (await readdir(dir)).filter((name) => !busy.has(name) && !keep(name));
      for (const name of stale) space.give(await removeFile(join(dir, name)));
      return stale.length;
    },
  };
}

function tooLarge(limit: number): SyndicError {
  return new SyndicError('TOO_LARGE', `more than the ${limit} bytes that are allowed here`, { limit });
}
