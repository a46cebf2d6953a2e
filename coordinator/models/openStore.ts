import { createFilesystemStore, type FilesystemStoreOptions } from './filesystem.ts';
import type { ModelStore } from './port.ts';
import type { S3StoreOptions } from './s3.ts';

/** Which store, and how to open it: plain values, so that a thread can be told. */
export type StoreConfig =
  | ({ readonly kind: 'filesystem' } & FilesystemStoreOptions)
  | ({ readonly kind: 's3' } & S3StoreOptions);

/** @throws SyndicError DEPENDENCY_UNAVAILABLE when the store does not answer */
export async function openStore(config: StoreConfig): Promise<ModelStore> {
  if (config.kind === 'filesystem') return createFilesystemStore(config);
  // S3's library is large; who keeps models in a folder need not load it.
  const { createS3Store } = await import('./s3.ts');
  return createS3Store(config);
}
