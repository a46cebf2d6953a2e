import { aggregate } from '../core/aggregate/aggregate.ts';
import { strategies } from '../core/aggregate/strategies.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import type { Plan } from '../core/plan/Plan.ts';
import { startSha256 } from '../core/sha256.ts';
import type { Digest } from '../core/values.ts';
import type { Files } from './Files.ts';
import { type Initial, initialFile } from './initialFile.ts';
import type { Artifact } from './port.ts';

/** A round's global model, to be made anew. */
export interface RemakeJob {
  readonly strategy: Plan['strategy']['name'];
  readonly base: Digest;
  /** Where the base is what the plan begins with: it is made of this when nobody has it. */
  readonly initial?: Initial;
  readonly updates: readonly { readonly slot: number; readonly weight: number; readonly update: Digest }[];
}

export interface Remade {
  /** Of the base and the updates, in this order: those that are nowhere, and those that are nowhere whole. */
  readonly missing: readonly Digest[];
  readonly damaged: readonly Digest[];
  /** Of what came of them; null when one lacked, or nothing came of them. */
  readonly digest: Digest | null;
  /** Why nothing came of them, though all were there. */
  readonly fault: string | null;
}

/**
 * Makes models anew. It is most of a verifier's work, and threads may share it: many are asked for at once, and whoever
 * makes them has them wait.
 *
 * @throws SyndicError what keeps files from being read
 */
export type Remaking = (job: RemakeJob) => Promise<Remade>;

/**
 * Aggregates files, hashing each as it is read. Only when that fails is each looked for in every store, and hashed, by
 * itself.
 */
export async function remake(given: Files, job: RemakeJob): Promise<Remade> {
  const files = await withBase(given, job);
  const needed = [job.base, ...job.updates.map(({ update }) => update)];
  const [missing, damaged]: [Digest[], Digest[]] = [[], []];
  const digest = await files.unseen(needed, (artifacts) => inOnePass(artifacts, needed, job));
  if (digest !== null) return { missing, damaged, digest, fault: null };
  for (const one of needed) {
    const state = await files.check(one);
    if (state === 'missing') missing.push(one);
    if (state === 'damaged') damaged.push(one);
  }
  if (missing.length + damaged.length > 0) return { missing, damaged, digest: null, fault: null };
  return await files.opened(needed, async (artifacts) => {
    try {
      return { missing, damaged, digest: await aggregated(artifacts, job), fault: null };
    } catch (thrown) {
      if (!isOfTheFiles(thrown)) throw thrown;
      return { missing, damaged, digest: null, fault: thrown.message };
    }
  });
}

async function withBase(files: Files, { base, initial }: RemakeJob): Promise<Files> {
  // One that is there and damaged is told, not replaced.
  if (initial === undefined || (await files.check(base)) !== 'missing') return files;
  return files.with({ open: async (of) => (of === base ? initialFile(initial) : null) });
}

/** Null: a file has other bytes than it is named by, or nothing comes of them. */
async function inOnePass(
  artifacts: readonly Artifact[],
  needed: readonly Digest[],
  job: RemakeJob,
): Promise<Digest | null> {
  const hashed = artifacts.map((artifact) => new Hashing(artifact));
  try {
    const made = await aggregated(hashed, job);
    return hashed.every((one, i) => one.digest() === needed[i]) ? made : null;
  } catch (thrown) {
    if (isOfTheFiles(thrown)) return null;
    throw thrown;
  }
}

/** A store that stops answering, or a browser that lets no WebAssembly run, says nothing of who made the files. */
function isOfTheFiles(thrown: unknown): thrown is Error {
  if (thrown instanceof SyndicError) return thrown.code !== 'ARTIFACTS_UNAVAILABLE';
  return thrown instanceof RangeError;
}

async function aggregated(artifacts: readonly Pick<Artifact, 'read'>[], job: RemakeJob): Promise<Digest> {
  const [base, ...updates] = artifacts;
  const { digest } = await aggregate({
    strategy: strategies[job.strategy],
    base: (offset, length) => base?.read(offset, length) ?? new Uint8Array(),
    updates: updates.map((artifact, i) => {
      const { slot = 0, weight = 0 } = job.updates[i] ?? {};
      return { slot, weight, read: (offset, length) => artifact.read(offset, length) };
    }),
    write: () => {},
  });
  return digest;
}

/** A file that is hashed as it is read, from its first byte to its last. */
class Hashing {
  readonly #artifact: Artifact;
  readonly #hash = startSha256();
  #hashed = 0;

  constructor(artifact: Artifact) {
    this.#artifact = artifact;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await this.#artifact.read(offset, length);
    const end = offset + bytes.byteLength;
    // Headers are read twice.
    if (offset <= this.#hashed && end > this.#hashed) {
      this.#hash.update(bytes.subarray(this.#hashed - offset));
      this.#hashed = end;
    }
    return bytes;
  }

  /** Null: not all of it was read. */
  digest(): Digest | null {
    return this.#hashed === this.#artifact.size ? this.#hash.digest() : null;
  }
}
