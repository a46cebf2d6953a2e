import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes aside, syncs, renames, syncs the folder: after a crash the file is the old one or the new one, whole. */
export async function keepFile(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const aside = `${path}.tmp`;
  const file = await open(aside, 'w', mode);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
