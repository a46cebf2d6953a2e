import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../../core/sha256.ts';
import { type Digest, fileName } from '../../../core/values.ts';
import { fetchArtifact, trimCache } from '../../../worker/artifacts.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';

const folder = temporaryFolders();
const file = Buffer.from('a model of some length');
const never = new AbortController().signal;

/** A session that serves one file and remembers from where it was asked for. */
function serving(bytes: Uint8Array, failAfter = Number.POSITIVE_INFINITY) {
  const asked: number[] = [];
  async function* download(_digest: Digest, from: number) {
    asked.push(from);
    for (let at = from; at < bytes.length; at += 4) {
      if (at - from >= failAfter) throw new Error('the line broke');
      yield bytes.subarray(at, at + 4);
    }
  }
  return { asked, download };
}

describe('a file asked for by digest', () => {
  test('is downloaded once and then taken from the cache', async () => {
    const dir = await folder();
    const session = serving(file);
    for (let i = 0; i < 2; i++)
      expect(await fetchArtifact(session, dir, sha256(file), file.length, never)).toEqual(file);
    expect(session.asked).toEqual([0]);
  });

  test('that the cache holds damaged is downloaded again', async () => {
    const dir = await folder();
    await fetchArtifact(serving(file), dir, sha256(file), file.length, never);
    await writeFile(
      join(dir, fileName(sha256(file))),
      file.map((byte, i) => (i === 5 ? byte + 1 : byte)),
    );
    const session = serving(file);
    expect(await fetchArtifact(session, dir, sha256(file), file.length, never)).toEqual(file);
    expect(session.asked).toEqual([0]);
  });

  test('goes on where the line broke', async () => {
    const dir = await folder();
    await expect(fetchArtifact(serving(file, 8), dir, sha256(file), file.length, never)).rejects.toThrow(
      'the line broke',
    );
    const session = serving(file);
    expect(await fetchArtifact(session, dir, sha256(file), file.length, never)).toEqual(file);
    expect(session.asked).toEqual([8]);
  });

  test('that goes on from damaged bytes is downloaded anew, once', async () => {
    const dir = await folder();
    const half = join(dir, `${fileName(sha256(file))}.part`);
    await writeFile(half, new Uint8Array(8));
    const session = serving(file);
    expect(await fetchArtifact(session, dir, sha256(file), file.length, never)).toEqual(file);
    expect(session.asked).toEqual([8, 0]);

    await writeFile(half.replace('.part', ''), 'damaged');
    await writeFile(half, new Uint8Array(8));
    const other = serving(Buffer.alloc(file.length));
    const fetching = fetchArtifact(other, dir, sha256(file), file.length, never);
    await expect(fetching).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(other.asked).toEqual([8, 0]);
  });

  test('that comes as something else is refused and not kept', async () => {
    const dir = await folder();
    const fetching = fetchArtifact(serving(Buffer.from('another model')), dir, sha256(file), file.length, never);
    await expect(fetching).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await readdir(dir)).toEqual([]);
  });

  test('that does not end is cut off at the most it may have, and not kept', async () => {
    const dir = await folder();
    let sent = 0;
    async function* endless() {
      for (;;) {
        sent += 4;
        yield new Uint8Array(4);
      }
    }
    const fetching = fetchArtifact({ download: endless }, dir, sha256(file), file.length, never);
    await expect(fetching).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(sent).toBe(24);
    expect(await readdir(dir)).toEqual([]);
  });

  test('stays when the cache is trimmed to it, and others go', async () => {
    const dir = await folder();
    await fetchArtifact(serving(file), dir, sha256(file), file.length, never);
    await writeFile(join(dir, 'old'), 'x');
    await trimCache(dir, [sha256(file)]);
    expect(await readdir(dir)).toEqual([fileName(sha256(file))]);
  });
});
