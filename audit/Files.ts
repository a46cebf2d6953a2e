import { SyndicError } from '../core/errors/SyndicError.ts';
import { sha256, sha256Of } from '../core/sha256.ts';
import type { Digest } from '../core/values.ts';
import type { Artifact, Artifacts } from './port.ts';

/** Bytes that are hashed at a time. */
const PIECE = 256 * 1024;

/** Bytes of each kind of document that are read at most; a manifest of 2,000 entries has under 700 KB. */
export const MOST = {
  manifest: 2 * 1024 * 1024,
  statement: 64 * 1024,
  receipt: 64 * 1024,
  report: 1024 * 1024,
} as const;

const LONG = Symbol('longer than such a document may be');

/** What became of looking for a file in every store. Damaged: it is somewhere, and nowhere whole. */
export type Sought<T> =
  | { readonly state: 'whole'; readonly value: T }
  | { readonly state: 'missing' }
  | { readonly state: 'damaged' }
  /** It is whole, and longer than such a document may be. */
  | { readonly state: 'long' };

/** Reads artifacts from wherever the reader has copies. No byte is believed before it is hashed. */
export class Files {
  readonly #stores: readonly Artifacts[];
  readonly #onDocument: (digest: Digest, bytes: Uint8Array) => void;
  /** Where each file was found whole. */
  readonly #hashed = new Map<Digest, Sought<Artifacts>>();

  /** @param onDocument is told of each document that was read whole */
  constructor(stores: readonly Artifacts[], onDocument: (digest: Digest, bytes: Uint8Array) => void = () => {}) {
    this.#stores = stores;
    this.#onDocument = onDocument;
  }

  /** The same, with one store more, which is asked last. */
  with(store: Artifacts): Files {
    return new Files([...this.#stores, store], this.#onDocument);
  }

  /** A document's bytes, of which at most `most` are held. */
  async document(digest: Digest, most: number): Promise<Sought<Uint8Array>> {
    const sought = await this.#firstWhole(digest, async (artifact) => {
      if (artifact.size > most) return (await sha256Of(piecesOf(artifact))) === digest ? LONG : null;
      // A copy: it is kept past the artifact's close.
      const bytes = Uint8Array.from(await artifact.read(0, artifact.size));
      return sha256(bytes) === digest ? bytes : null;
    });
    if (sought.state !== 'whole') return sought;
    if (sought.value === LONG) return { state: 'long' };
    this.#onDocument(digest, sought.value);
    return { state: 'whole', value: sought.value };
  }

  /** Hashes a file of any size, once. */
  async check(digest: Digest): Promise<Sought<Artifacts>['state']> {
    const known = this.#hashed.get(digest);
    if (known !== undefined) return known.state;
    const found = await this.#firstWhole(digest, async (artifact, store) => {
      return (await sha256Of(piecesOf(artifact))) === digest ? store : null;
    });
    this.#hashed.set(digest, found);
    return found.state;
  }

  /** Opens files that `check` found whole; all are closed after `work`. */
  async opened<T>(digests: readonly Digest[], work: (artifacts: readonly Artifact[]) => Promise<T>): Promise<T> {
    const done = await withAll(digests, (digest) => this.#openWhole(digest), work);
    if (done === null) throw new SyndicError('NOT_FOUND', 'a file was there, and is gone: read again');
    return done;
  }

  /** Opens files unseen, each where it is found first. Null: not all are there. What is read of them may be anything. */
  async unseen<T>(digests: readonly Digest[], work: (artifacts: readonly Artifact[]) => Promise<T>): Promise<T | null> {
    return await withAll(digests, (digest) => this.#openFirst(digest), work);
  }

  async #openWhole(digest: Digest): Promise<Artifact | null> {
    const found = this.#hashed.get(digest);
    return found?.state === 'whole' ? await found.value.open(digest) : null;
  }

  async #openFirst(digest: Digest): Promise<Artifact | null> {
    for (const store of this.#stores) {
      const artifact = await store.open(digest);
      if (artifact !== null) return artifact;
    }
    return null;
  }

  /** @param look null: these are other bytes */
  async #firstWhole<T>(
    digest: Digest,
    look: (artifact: Artifact, store: Artifacts) => Promise<T | null>,
  ): Promise<Sought<T>> {
    let state: 'missing' | 'damaged' = 'missing';
    for (const store of this.#stores) {
      const artifact = await store.open(digest);
      if (artifact === null) continue;
      try {
        const value = await look(artifact, store);
        if (value !== null) return { state: 'whole', value };
        state = 'damaged';
      } finally {
        await artifact.close();
      }
    }
    return { state };
  }
}

async function withAll<T>(
  digests: readonly Digest[],
  openOne: (digest: Digest) => Promise<Artifact | null>,
  work: (artifacts: readonly Artifact[]) => Promise<T>,
): Promise<T | null> {
  const open: Artifact[] = [];
  try {
    for (const digest of digests) {
      const artifact = await openOne(digest);
      if (artifact === null) return null;
      open.push(artifact);
    }
    return await work(open);
  } finally {
    for (const artifact of open) await artifact.close();
  }
}

async function* piecesOf(artifact: Artifact): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < artifact.size; ) {
    const piece = await artifact.read(at, PIECE);
    // A file that became shorter meanwhile hashes to something else.
    if (piece.byteLength === 0) return;
    yield piece;
    at += piece.byteLength;
  }
}
