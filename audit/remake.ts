import { aggregate } from '../core/aggregate/aggregate.ts';
import { strategies } from '../core/aggregate/strategies.ts';
import { toSyndicError } from '../core/errors/SyndicError.ts';
import type { Plan } from '../core/plan/Plan.ts';
import type { Digest } from '../core/values.ts';
import type { Files } from './Files.ts';

/** A round's global model, to be made anew. */
export interface RemakeJob {
  readonly strategy: Plan['strategy']['name'];
  readonly base: Digest;
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

/** Where models are made anew. It is most of a verifier's work, and threads may share it. */
export interface Remaking {
  /** Jobs that may be under way at a time. */
  readonly atOnce: number;
  /** @throws SyndicError what keeps files from being read */
  remake(job: RemakeJob): Promise<Remade>;
}

/** Hashes every file, and aggregates them when all are whole. */
export async function remake(files: Files, { strategy, base, updates }: RemakeJob): Promise<Remade> {
  const needed = [base, ...updates.map(({ update }) => update)];
  const missing: Digest[] = [];
  const damaged: Digest[] = [];
  for (const digest of needed) {
    const state = await files.check(digest);
    if (state === 'missing') missing.push(digest);
    if (state === 'damaged') damaged.push(digest);
  }
  if (missing.length + damaged.length > 0) return { missing, damaged, digest: null, fault: null };
  return await files.opened(needed, async ([opened, ...others]) => {
    try {
      const made = await aggregate({
        strategy: strategies[strategy],
        base: (offset, length) => opened?.read(offset, length) ?? new Uint8Array(),
        updates: others.map((artifact, i) => {
          const { slot = 0, weight = 0 } = updates[i] ?? {};
          return { slot, weight, read: (offset, length) => artifact.read(offset, length) };
        }),
        write: () => {},
      });
      return { missing, damaged, digest: made.digest, fault: null };
    } catch (thrown) {
      return { missing, damaged, digest: null, fault: toSyndicError(thrown).message };
    }
  });
}
