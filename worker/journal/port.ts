import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Digest, Instant, Signature, StudyId } from '../../core/values.ts';

/** The site's own append-only record of everything that left, with the bytes themselves. */
export interface Journal {
  /** Makes bytes durable under their SHA-256. */
  keep(bytes: Uint8Array): Promise<Digest>;
  /** The same for bytes that come in pieces, each of which is good until the next is asked for. */
  keepPieces(pieces: Iterable<Uint8Array>): Promise<Kept>;
  /** @throws SyndicError NOT_FOUND */
  read(digest: Digest): Promise<Uint8Array>;
  /** The bytes from `from` on, in pieces. @throws SyndicError NOT_FOUND */
  open(digest: Digest, from: number): AsyncIterable<Uint8Array>;
  append(entry: JournalEntry): Promise<void>;
  /** What was signed for a round, so that it is sent again and never signed twice; null when nothing was. */
  prepared(study: StudyId, round: number): PreparedEntry | null;
  /** The newest receipt of each study. */
  newestAccepted(): AcceptedEntry[];
  /** The receipt that binds for a round: the first. */
  accepted(study: StudyId, round: number): AcceptedEntry | null;
  /** Studies that this site ever sent an update of, or meant to. */
  studies(): StudyId[];
  /** What this site said of a round's record last. */
  verdict(study: StudyId, round: number): VerdictEntry | null;
  /** The same, once the chain had it. */
  answered(study: StudyId, round: number): AnsweredEntry | null;
  /** Deletes kept update files of a study's rounds before `round`; their digests and documents stay. */
  forgetUpdates(study: StudyId, round: number): Promise<void>;
}

export interface Kept {
  readonly digest: Digest;
  /** Bytes. */
  readonly length: number;
}

export type JournalEntry = PreparedEntry | AcceptedEntry | RefusedEntry | VerdictEntry | AnsweredEntry;

/** Update, report and statement are durable here; from now on they may leave. */
export interface PreparedEntry {
  readonly type: 'prepared';
  readonly at: Instant;
  readonly study: StudyId;
  readonly round: number;
  readonly plan: Digest;
  readonly baseModel: Digest;
  readonly dataset: Digest;
  readonly update: Digest;
  readonly length: number;
  readonly samples: number;
  readonly report: Digest;
  readonly statement: Digest;
}

/** The coordinator's receipt is here and says what was sent. */
export interface AcceptedEntry {
  readonly type: 'accepted';
  readonly at: Instant;
  readonly study: StudyId;
  readonly round: number;
  readonly update: Digest;
  readonly receipt: Digest;
}

/** This site refused a task, or the coordinator refused what this site sent. */
export interface RefusedEntry {
  readonly type: 'refused';
  readonly at: Instant;
  readonly by: 'site' | 'coordinator';
  readonly study: StudyId;
  readonly round: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** A round's record was checked, and this is what came of it, signed; from now on it may leave. */
export interface VerdictEntry {
  readonly type: 'verdict';
  readonly at: Instant;
  readonly study: StudyId;
  readonly round: number;
  /** Of the record that was checked. */
  readonly recordHash: Digest;
  /** 0: attested. Else why it is disputed, a reason of core's `DISPUTE_REASON`. */
  readonly reason: number;
  /** What is wrong, for people; left out when nothing is. */
  readonly fault?: string;
  readonly signature: Signature;
}

/** The chain has this site's verdict of a round. */
export interface AnsweredEntry {
  readonly type: 'answered';
  readonly at: Instant;
  readonly study: StudyId;
  readonly round: number;
  readonly recordHash: Digest;
  readonly verdict: 'attested' | 'disputed' | 'withdrawn' | 'dismissed';
}
