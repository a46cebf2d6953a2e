import type { Parameters } from 'fast-check';

/** Fixed, so that the check says today what it said yesterday; the soak draws its own. */
const SEED = 20_261_130;

/**
 * How long to look: `usual` cases in the project's check, SYNDIC_FUZZ_RUNS of them where that says so (`npm run soak --
 * fuzz`). A failure names its seed and path, which `fc.assert` takes.
 */
export function runs(usual: number): Parameters<unknown> {
  const { SYNDIC_FUZZ_RUNS: many, SYNDIC_FUZZ_SEED: seed } = process.env;
  return { seed: Number(seed ?? SEED), numRuns: Number(many ?? usual) };
}
