import { SyndicError } from '../core/errors/SyndicError.ts';
import { sha256, sha256Of } from '../core/sha256.ts';
import type { Digest } from '../core/values.ts';
import type { Artifact, Artifacts } from './port.ts';

const PIECE = 1024 * 1024;

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

  /** A document's bytes, of which at most `most` are held. */
  async document(digest: Digest, most: number): Promise<Sought<Uint8Array>> {
    const sought = await this.#firstWhole(digest, async (artifact) => {
      if (artifact.size > most) return (await sha256Of(piecesOf(artifact))) === digest ? LONG : null;
      const bytes = await artifact.read(0, artifact.size);
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

  /** Whether `check` was asked for it before. */
  wasChecked(digest: Digest): boolean {
    return this.#hashed.has(digest);
  }

  /** Opens files that `check` found whole; all are closed after `work`. */
  async opened<T>(digests: readonly Digest[], work: (artifacts: readonly Artifact[]) => Promise<T>): Promise<T> {
    const open: Artifact[] = [];
    try {
      for (const digest of digests) {
        const found = this.#hashed.get(digest);
        const artifact = found?.state === 'whole' ? await found.value.open(digest) : null;
        if (artifact === null) throw new SyndicError('NOT_FOUND', `${digest} was there, and is gone: read again`);
        open.push(artifact);
      }
      return await work(open);
    } finally {
      for (const artifact of open) await artifact.close();
    }
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

async function* piecesOf(artifact: Artifact): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < artifact.size; ) {
    const piece = await artifact.read(at, PIECE);
    // A file that became shorter meanwhile hashes to something else.
    if (piece.byteLength === 0) return;
    yield piece;
    at += piece.byteLength;
  }
}
