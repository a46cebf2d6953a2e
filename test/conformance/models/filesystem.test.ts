import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFilesystemStore } from '../../../coordinator/models/filesystem.ts';
import { modelStoreConformance } from './modelStore.ts';

modelStoreConformance('a folder', async (maxBytes) => {
  const dir = await mkdtemp(join(tmpdir(), 'syndic-models-'));
  const open = (bound?: number) => createFilesystemStore(bound === undefined ? { dir } : { dir, maxBytes: bound });
  return {
    store: await open(maxBytes),
    reopen: open,
    stored: async () => (await readdir(dir)).filter((name) => name !== 'tmp').sort(),
    dispose: () => rm(dir, { recursive: true, force: true }),
  };
});
