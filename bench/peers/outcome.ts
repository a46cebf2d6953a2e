import { z } from 'zod';
import { SyndicError } from '../../core/errors/SyndicError.ts';

/** What the Python side of a peer writes down at the end. */
const outcome = z.union([
  z.object({ error: z.string() }),
  z.object({
    /** When each round began, and when the last one ended: seconds since 1970. */
    bounds: z.array(z.number()),
    /** How many updates each round averaged. */
    updates: z.array(z.number()),
    /** By how much the model's values have moved: the least and the most of each array. */
    moved: z.array(z.number()).min(1),
  }),
]);

/** float32 values near 3 that 1 was added to a few times. */
const TOLERANCE = 1e-3;

/**
 * When each round began, and when the last one ended, in milliseconds since 1970.
 *
 * @throws SyndicError RUN_FAILED unless every round averaged every client's update and moved the model by one
 */
export function readOutcome(text: string, job: { readonly clients: number; readonly rounds: number }): number[] {
  const told = outcome.parse(JSON.parse(text));
  if ('error' in told) throw new SyndicError('RUN_FAILED', `the peer's server failed: ${told.error}`);
  const { bounds, updates, moved } = told;
  if (updates.length !== job.rounds)
    throw new SyndicError('RUN_FAILED', `${updates.length} of ${job.rounds} rounds were aggregated`, { updates });
  if (bounds.length !== job.rounds + 1)
    throw new SyndicError('RUN_FAILED', `${bounds.length} bounds of ${job.rounds} rounds were told`, { bounds });
  if (updates.some((count) => count !== job.clients))
    throw new SyndicError('RUN_FAILED', `not every round averaged ${job.clients} updates: ${updates}`, { updates });
  if (moved.some((by) => Math.abs(by - job.rounds) > TOLERANCE))
    throw new SyndicError('RUN_FAILED', `the model moved by ${moved} in ${job.rounds} rounds of one each`, { moved });
  return bounds.map((seconds) => seconds * 1000);
}
