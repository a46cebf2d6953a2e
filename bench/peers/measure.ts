import { SyndicError } from '../../core/errors/SyndicError.ts';
import { median } from '../Figure.ts';
import { secondsBetween, WARM_UP } from '../round.ts';
import type { Job, OpenFederation } from './Federation.ts';
import { orAborted } from './orAborted.ts';
import { usageBetween, watch } from './usage.ts';

/** How a federation did, its warm-up left out. */
export interface Measured {
  /** Median of the rounds. */
  readonly seconds: number;
  readonly rounds: readonly number[];
  /** CPU seconds a round. */
  readonly serverCpu: number;
  readonly clientsCpu: number;
  /** MiB, at any time: of the server's processes together, and of each named part. */
  readonly peak: number;
  readonly peaks: Readonly<Record<string, number>>;
  /** See `Usage`. */
  readonly others: number;
}

export async function measure(open: OpenFederation, job: Job): Promise<Measured> {
  const federation = await open(job);
  try {
    const stopWatching = watch(federation);
    const [bounds, { samples, peak, peaks }] = await orAborted(federation.run(), job.signal).then(
      (run) => [run, stopWatching()] as const,
      (error) => {
        stopWatching();
        throw error;
      },
    );
    const warm = bounds.slice(WARM_UP);
    const [from, to] = [warm.at(0), warm.at(-1)];
    if (from === undefined || to === undefined || bounds.length !== job.rounds + 1)
      throw new SyndicError('RUN_FAILED', `${bounds.length - 1} of ${job.rounds} rounds were run`, { bounds });
    const rounds = secondsBetween(warm);
    const { server, clients, others } = usageBetween(samples, from, to);
    return {
      seconds: median(rounds),
      rounds,
      serverCpu: server / rounds.length,
      clientsCpu: clients / rounds.length,
      peak,
      peaks,
      others,
    };
  } finally {
    await federation.close();
  }
}
