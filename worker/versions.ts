import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { bytesToHex, type Digest, digest, fileName, hexToBytes } from '../core/values.ts';
import type { DatasetVersion } from './data/version.ts';
import { keepFile } from './keepFile.ts';

const hex32 = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform(digest);

const schema = z.strictObject({
  schema: z.literal('syndic.version/1'),
  dataset: hex32,
  root: hex32,
  rows: z.int().positive(),
  /** Stays at the site: who has it can confirm guesses of rows by the root. */
  secret: hex32,
  created: z.int().min(0),
});

/** A dataset version as the site keeps it. `dataset`, `root` and `rows` go on chain; the rest never leaves. */
export type VersionFile = z.infer<typeof schema>;

/** Keeps a version below `dir`, readable by the worker's user alone. Returns the file's path. */
export async function keepVersion(
  dir: string,
  dataset: Digest,
  version: DatasetVersion,
  created: number,
): Promise<string> {
  const { root, rows } = version;
  const secret = bytesToHex(version.secret);
  const file: VersionFile = { schema: 'syndic.version/1', dataset, root, rows, secret: digest(secret), created };
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `${fileName(root)}.json`);
  await keepFile(path, `${JSON.stringify(file, null, 2)}\n`, 0o600);
  return path;
}

/** @throws SyndicError DOCUMENT_INVALID */
export async function readVersion(path: string): Promise<VersionFile> {
  const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new SyndicError('DOCUMENT_INVALID', `${path} is no dataset version: make one with syndic worker version`, {
    path,
  });
}

/** The versions of a dataset that this site keeps, newest first. */
export async function versionsOf(dir: string, dataset: Digest): Promise<VersionFile[]> {
  if (!existsSync(dir)) return [];
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json')).sort();
  const all = await Promise.all(names.map((name) => readVersion(join(dir, name))));
  return all.filter((version) => version.dataset === dataset).sort((a, b) => b.created - a.created);
}

export function secretOf(version: VersionFile): Uint8Array {
  return hexToBytes(version.secret);
}
