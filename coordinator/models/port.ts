import type { Digest } from '../../core/values.ts';

/** Where model, update and document files live, named by their SHA-256. Writing the same bytes twice is one write. */
export interface ModelStore {
  /** Bytes that files and temporaries take together, as this process counts them; null where it does not. */
  readonly heldBytes: number | null;
  /**
   * Streams `source` in; resolves only once the bytes are durable under their digest.
   * @param limit bytes at most.
   * @throws SyndicError TOO_LARGE past `limit`, STORE_FULL past the store's own bound; nothing is kept then.
   */
  put(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, limit: number): Promise<Stored>;
  /** Bytes from offset `from` to the end, in chunks. @throws SyndicError NOT_FOUND */
  open(digest: Digest, from?: number): AsyncIterable<Uint8Array>;
  /** `length` bytes at `offset` (fewer only at the end of the file). @throws SyndicError NOT_FOUND */
  read(digest: Digest, offset: number, length: number): Promise<Uint8Array>;
  /** For many reads of one file. @throws SyndicError NOT_FOUND */
  reader(digest: Digest): Promise<StoredReader>;
  /** Length in bytes; null when it is not here. */
  size(digest: Digest): Promise<number | null>;
  delete(digest: Digest): Promise<void>;
  /**
   * A temporary file that survives a crash and becomes a stored file when its bytes are complete.
   * @throws SyndicError TOO_MANY while this process holds it open already
   */
  partial(name: string): Promise<Partial>;
  /** Deletes temporaries whose names `keep` does not claim. Returns how many went. */
  sweep(keep: (name: string) => boolean): Promise<number>;
}

export interface StoredReader {
  /** Fills `into` from `offset` on. @returns what was filled: less than all of it only at the end of the file */
  read(offset: number, into: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface Stored {
  readonly digest: Digest;
  readonly length: number;
}

/** An upload in progress. Bytes appended are hashed as they come; after a crash `received` is what the file holds. */
export interface Partial {
  readonly received: number;
  /** The bytes received so far, for checks that must see them again after a restart. */
  contents(): AsyncIterable<Uint8Array>;
  /** @throws SyndicError STORE_FULL */
  append(chunk: Uint8Array): Promise<void>;
  /** Syncs, checks that the SHA-256 is `expected`, renames. @throws SyndicError DIGEST_MISMATCH; the partial is gone. */
  commit(expected: Digest): Promise<Stored>;
  discard(): Promise<void>;
  /** Lets go of the file handle and keeps the bytes. */
  close(): Promise<void>;
}
