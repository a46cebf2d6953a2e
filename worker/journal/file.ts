import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { sha256 } from '../../core/sha256.ts';
import { bytesToHex, type Digest, digest, fileName, type StudyId, ZERO_DIGEST } from '../../core/values.ts';
import { ASIDE, dropHalves } from '../keepFile.ts';
import type { AcceptedEntry, AnsweredEntry, Journal, JournalEntry, Kept, PreparedEntry, VerdictEntry } from './port.ts';

/** Bytes that are read at once of what is sent. */
const PIECE = 1024 * 1024;

/** A line of the journal: the entry, and the SHA-256 of the line before it, so that no line can be taken out. */
type Line = JournalEntry & { readonly prev: Digest };

/**
 * A journal in a folder: `journal.jsonl`, one entry a line, each synced before anything leaves; and `files/`, what was
 * signed and sent, named by SHA-256. What a crash cut short, a last line or a file that was being written, was never
 * acted on and is taken off.
 *
 * @throws SyndicError DOCUMENT_INVALID when a line was changed or taken out
 */
export async function openJournal(dir: string): Promise<Journal & { close(): Promise<void> }> {
  const files = join(dir, 'files');
  const path = join(dir, 'journal.jsonl');
  await mkdir(files, { recursive: true, mode: 0o700 });
  // Named after bytes that are salted afresh each time, none would ever be written to its end.
  await dropHalves(files);
  const prepared = new Map<string, PreparedEntry>();
  const accepted = new Map<string, AcceptedEntry>();
  const newest = new Map<StudyId, AcceptedEntry>();
  const verdicts = new Map<string, VerdictEntry>();
  const answered = new Map<string, AnsweredEntry>();
  const studies = new Set<StudyId>();
  const note = (entry: JournalEntry) => {
    const of = key(entry.study, entry.round);
    if (entry.type === 'prepared') {
      prepared.set(of, entry);
      studies.add(entry.study);
    }
    // The first receipt of a round is the one that binds; a coordinator that lost it may have given another.
    if (entry.type === 'accepted' && !accepted.has(of)) accepted.set(of, entry);
    if (entry.type === 'accepted' && entry.round > (newest.get(entry.study)?.round ?? 0)) {
      newest.set(entry.study, entry);
    }
    if (entry.type === 'verdict') verdicts.set(of, entry);
    if (entry.type === 'answered') answered.set(of, entry);
  };
  let prev = await replay(path, note);
  const log = await open(path, 'a', 0o600);
  let writing: Promise<void> = Promise.resolve();

  async function write(entry: JournalEntry): Promise<void> {
    const text = JSON.stringify({ ...entry, prev });
    await log.appendFile(`${text}\n`);
    await log.datasync();
    prev = sha256(Buffer.from(text));
    note(entry);
  }

  return {
    keep: async (bytes) => (await keep(files, [bytes])).digest,
    keepPieces: (pieces) => keep(files, pieces),
    read: (digest) => read(files, digest),
    open: (digest, from) => pieces(files, digest, from),
    append(entry) {
      const turn = writing.then(() => write(entry));
      // The next entry waits for this one; whether this one failed is its own caller's to know.
      writing = turn.catch(() => undefined);
      return turn;
    },
    prepared: (study, round) => prepared.get(key(study, round)) ?? null,
    newestAccepted: () => [...newest.values()],
    accepted: (study, round) => accepted.get(key(study, round)) ?? null,
    studies: () => [...studies],
    verdict: (study, round) => verdicts.get(key(study, round)) ?? null,
    answered: (study, round) => answered.get(key(study, round)) ?? null,
    async forgetUpdates(study, round) {
      for (const entry of prepared.values()) {
        if (entry.study === study && entry.round < round)
          await rm(join(files, fileName(entry.update)), { force: true });
      }
    },
    async close() {
      await writing;
      await log.close();
    },
  };
}

function key(study: StudyId, round: number): string {
  return `${study}/${round}`;
}

/** Reads every line, checks the chain, cuts a last line short of its end. Returns the last line's SHA-256. */
async function replay(path: string, each: (entry: JournalEntry) => void): Promise<Digest> {
  if (!existsSync(path)) return ZERO_DIGEST;
  const text = await readFile(path);
  const end = text.lastIndexOf(0x0a) + 1;
  if (end < text.length) await truncate(path, end);
  let prev: Digest = ZERO_DIGEST;
  const lines = text.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) {
    const entry = parse(line);
    if (entry?.prev !== prev) {
      throw new SyndicError(
        'DOCUMENT_INVALID',
        `line ${index + 1} of ${path} does not follow from the one before it: the journal was changed; put it back from a copy`,
        { line: index + 1 },
      );
    }
    prev = sha256(Buffer.from(line));
    each(entry);
  }
  return prev;
}

function parse(line: string): Line | null {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return null;
  }
}

async function keep(files: string, pieces: Iterable<Uint8Array>): Promise<Kept> {
  const aside = join(files, `${randomBytes(16).toString('hex')}${ASIDE}`);
  const hash = createHash('sha256');
  let length = 0;
  try {
    await synced(aside, 'wx', async (file) => {
      for (const piece of pieces) {
        hash.update(piece);
        length += piece.byteLength;
        await file.appendFile(piece);
      }
    });
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  const kept = { digest: digest(bytesToHex(hash.digest())), length };
  await rename(aside, join(files, fileName(kept.digest)));
  await synced(files, 'r', async () => undefined);
  return kept;
}

async function synced(path: string, flags: string, act: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await act(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function read(files: string, digest: Digest): Promise<Uint8Array> {
  try {
    return await readFile(join(files, fileName(digest)));
  } catch (cause) {
    throw missing(digest, cause);
  }
}

async function* pieces(files: string, digest: Digest, from: number): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(join(files, fileName(digest)), { start: from, highWaterMark: PIECE });
  } catch (cause) {
    throw missing(digest, cause);
  }
}

function missing(digest: Digest, cause: unknown): SyndicError {
  return new SyndicError('NOT_FOUND', `the journal keeps no file ${digest}`, { digest }, { cause });
}
