import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../../core/sha256.ts';
import { type Digest, digest, fileName, instant, type StudyId } from '../../../core/values.ts';
import { openJournal } from '../../../worker/journal/file.ts';
import type { PreparedEntry } from '../../../worker/journal/port.ts';
import { temporaryFolders } from '../../support/temporaryFolder.ts';

const folder = temporaryFolders();
const hex = (byte: string): Digest => digest(`0x${byte.repeat(32)}`);
const study: StudyId = hex('11');

function prepared(round: number, update: Digest): PreparedEntry {
  const common = { plan: hex('22'), baseModel: hex('33'), dataset: hex('44'), report: hex('55'), statement: hex('66') };
  return { type: 'prepared', at: instant(1), study, round, update, length: 3, samples: 7, ...common };
}

describe('the journal', () => {
  test('knows after a restart what was signed for a round', async () => {
    const dir = await folder();
    const first = await openJournal(dir);
    const update = await first.keep(Buffer.from('update'));
    await first.append(prepared(1, update));
    await first.close();

    const second = await openJournal(dir);
    expect(second.prepared(study, 1)?.update).toBe(update);
    expect(second.prepared(study, 2)).toBeNull();
    expect(Buffer.from(await second.read(update)).toString()).toBe('update');
    await second.close();
  });

  test('opens what it keeps from any byte on, and says which file it lacks', async () => {
    const dir = await folder();
    const journal = await openJournal(dir);
    const bytes = new Uint8Array(2 * 1024 * 1024 + 5).map((_, i) => i % 251);
    const kept = await journal.keep(bytes);
    for (const from of [0, 7, 1024 * 1024, bytes.length]) {
      const pieces = await Readable.from(journal.open(kept, from)).toArray();
      expect(Buffer.concat(pieces).equals(bytes.subarray(from))).toBe(true);
    }
    await expect(Readable.from(journal.open(hex('88'), 0)).toArray()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await journal.close();
  });

  test('keeps what comes in pieces, and nothing of what breaks off', async () => {
    const dir = await folder();
    const journal = await openJournal(dir);
    function* pieces(fails: boolean) {
      // One buffer for all: each piece is good until the next is asked for.
      const piece = Buffer.alloc(3);
      for (const text of ['abc', 'def']) {
        piece.write(text);
        yield piece;
      }
      if (fails) throw new RangeError('no more');
      yield piece.subarray(0, 1);
    }
    await expect(journal.keepPieces(pieces(true))).rejects.toThrow('no more');
    expect(await readdir(join(dir, 'files'))).toEqual([]);
    const kept = await journal.keepPieces(pieces(false));
    expect(kept).toEqual({ digest: sha256(Buffer.from('abcdefd')), length: 7 });
    expect(Buffer.from(await journal.read(kept.digest)).toString()).toBe('abcdefd');
    expect(await journal.keep(Buffer.from('abcdefd'))).toBe(kept.digest);
    await journal.close();
  });

  test('takes off a last line that a crash cut short, and goes on after it', async () => {
    const dir = await folder();
    const first = await openJournal(dir);
    await first.append(prepared(1, hex('77')));
    await first.close();
    const path = join(dir, 'journal.jsonl');
    await appendFile(path, '{"type":"prepared","at":1,"stu');

    const second = await openJournal(dir);
    expect(second.prepared(study, 1)?.update).toBe(hex('77'));
    await second.append(prepared(2, hex('78')));
    await second.close();

    const third = await openJournal(dir);
    expect(third.prepared(study, 2)?.update).toBe(hex('78'));
    await third.close();
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(3);
  });

  test('drops a file that a crash cut short, and keeps the whole ones', async () => {
    const dir = await folder();
    const first = await openJournal(dir);
    const update = await first.keep(Buffer.from('update'));
    await first.close();
    const files = join(dir, 'files');
    await writeFile(join(files, `${fileName(hex('88'))}.tmp`), 'half an upd');

    const second = await openJournal(dir);
    await second.close();
    expect(await readdir(files)).toEqual([fileName(update)]);
  });

  test.each([
    ['changed', (lines: string[]) => [lines[0]?.replace('"samples":7', '"samples":8'), ...lines.slice(1)]],
    ['taken out', (lines: string[]) => lines.slice(1)],
    ['made unreadable', (lines: string[]) => ['{', ...lines.slice(1)]],
  ])('refuses to open when a line was %s', async (_how, alter) => {
    const dir = await folder();
    const journal = await openJournal(dir);
    for (const round of [1, 2, 3]) await journal.append(prepared(round, hex('77')));
    await journal.close();
    const path = join(dir, 'journal.jsonl');
    await writeFile(path, alter((await readFile(path, 'utf8')).split('\n')).join('\n'));
    await expect(openJournal(dir)).rejects.toMatchObject({ code: 'DOCUMENT_INVALID' });
  });

  test('forgets the updates of earlier rounds of that study, and nothing else', async () => {
    const dir = await folder();
    const journal = await openJournal(dir);
    const updates = await Promise.all(['one', 'two', 'other'].map((text) => journal.keep(Buffer.from(text))));
    const [one, two, other] = updates as [Digest, Digest, Digest];
    await journal.append(prepared(1, one));
    await journal.append(prepared(2, two));
    await journal.append({ ...prepared(1, other), study: hex('99') });
    await journal.forgetUpdates(study, 2);
    await expect(journal.read(one)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(Buffer.from(await journal.read(two)).toString()).toBe('two');
    expect(Buffer.from(await journal.read(other)).toString()).toBe('other');
    await journal.close();
  });
});
