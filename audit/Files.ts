import { SyndicError } from '../core/errors/SyndicError.ts';
import { sha256, sha256Of } from '../core/sha256.ts';
import type { Digest } from '../core/values.ts';
import type { Artifact, Artifacts } from './port.ts';

const PIECE = 1024 * 1024;

/** Bytes of each kind of document that are read at most; a manifest of 2,000 entries has under 700 KB. */
export const MOST = { manifest: 2 * 1024 * 1024, statement: 64 * 1024, receipt: 64 * 1024 } as const;

/** What became of looking for a file. */
export type Sought<T> =
  | { readonly state: 'whole'; readonly value: T }
  | { readonly state: 'missing' }
  | { readonly state: 'damaged' };

/** Reads artifacts of which no byte is believed before it is hashed. */
export class Files {
  readonly #artifacts: Artifacts;
  readonly #hashed = new Map<Digest, 'whole' | 'missing' | 'damaged'>();

  constructor(artifacts: Artifacts) {
    this.#artifacts = artifacts;
  }

  /** A document's bytes. @throws SyndicError TOO_LARGE over `most` bytes */
  async document(digest: Digest, most: number): Promise<Sought<Uint8Array>> {
    return this.#with<Uint8Array>(digest, async (artifact) => {
      if (artifact.size > most) {
        throw new SyndicError('TOO_LARGE', `${digest} has ${artifact.size} bytes; a document has at most ${most}`);
      }
      const bytes = await artifact.read(0, artifact.size);
      return sha256(bytes) === digest ? { state: 'whole', value: bytes } : { state: 'damaged' };
    });
  }

  /** Hashes a file of any size, once. */
  async check(digest: Digest): Promise<'whole' | 'missing' | 'damaged'> {
    const known = this.#hashed.get(digest);
    if (known !== undefined) return known;
    const { state } = await this.#with<null>(digest, async (artifact) => {
      const whole = (await sha256Of(piecesOf(artifact))) === digest;
      return whole ? { state: 'whole', value: null } : { state: 'damaged' };
    });
    this.#hashed.set(digest, state);
    return state;
  }

  /** Opens files that were found whole; all are closed after `work`. */
  async opened<T>(digests: readonly Digest[], work: (artifacts: readonly Artifact[]) => Promise<T>): Promise<T> {
    const open: Artifact[] = [];
    try {
      for (const digest of digests) {
        const artifact = await this.#artifacts.open(digest);
        if (artifact === null) throw new SyndicError('NOT_FOUND', `${digest} was there, and is gone: read again`);
        open.push(artifact);
      }
      return await work(open);
    } finally {
      for (const artifact of open) await artifact.close();
    }
  }

  async #with<T>(digest: Digest, work: (artifact: Artifact) => Promise<Sought<T>>): Promise<Sought<T>> {
    const artifact = await this.#artifacts.open(digest);
    if (artifact === null) return { state: 'missing' };
    try {
      return await work(artifact);
    } finally {
      await artifact.close();
    }
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
