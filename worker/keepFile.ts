import { existsSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** How the name of a file ends until it is whole. */
export const ASIDE = '.tmp';

/** Writes aside, syncs, renames, syncs the folder: after a crash the file is the old one or the new one, whole. */
export async function keepFile(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const aside = `${path}${ASIDE}`;
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

/** Removes what a killed process was writing into a folder, if there is one. */
export async function dropHalves(dir: string): Promise<void> {
  const names = existsSync(dir) ? await readdir(dir) : [];
  for (const name of names) if (name.endsWith(ASIDE)) await rm(join(dir, name), { force: true });
}
