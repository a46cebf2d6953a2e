import { openBox } from './box.ts';
import { type Figure, median, type Scenario } from './Figure.ts';
import { cpuByThread, cpuSeconds, peakMiB, withDescendants } from './procfs.ts';
import { type LoggedEvent, momentsOf } from './readEvents.ts';

export interface RoundOptions {
  readonly name: string;
  readonly sites: number;
  /** Hidden units of the two layers: 4,096 make 64 MiB, 155 make 100 kB. */
  readonly width: number;
  readonly rounds: number;
  readonly processes?: number;
  readonly aim: string;
}

/** Rounds that are left out of the median: code and caches warm up. */
export const WARM_UP = 2;

/**
 * Whole rounds through processes, TLS, disk and chain: from one round's opening to the next's, so that nothing between
 * them is left out.
 */
export function wholeRound({ name, aim, ...box }: RoundOptions): Scenario {
  return async (tell) => {
    const { consortium, coordinator, workers, run, close } = await openBox({ ...box, tell });
    try {
      const { events } = await run();
      const seconds = secondsBetween(roundBounds(events)).slice(WARM_UP);
      const coordinatorPid = withDescendants(coordinator.pid).at(-1) ?? coordinator.pid;
      const figures: Figure[] = [
        { name: `${name}: a round`, value: median(seconds), unit: 's', aim },
        ...phases(events).map(([phase, value]) => ({ name: `${name}: … ${phase}`, value: value / 1000, unit: 's' })),
        { name: `${name}: coordinator's peak memory`, value: peakMiB(coordinatorPid), unit: 'MiB', aim: 'under 500' },
      ];
      const each = (value: number) => value / box.rounds;
      for (const [thread, used] of cpuByThread(coordinatorPid)) {
        if (each(used) >= 0.005)
          figures.push({ name: `${name}: CPU a round, coordinator's ${thread}`, value: each(used), unit: 's' });
      }
      const total = (pids: readonly number[]) =>
        pids.flatMap((pid) => withDescendants(pid)).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
      figures.push(
        { name: `${name}: CPU a round, coordinator`, value: each(total([coordinator.pid])), unit: 's' },
        { name: `${name}: CPU a round, workers`, value: each(total(workers.map(({ pid }) => pid))), unit: 's' },
        { name: `${name}: CPU a round, chain`, value: each(total([consortium.services.chain.pid])), unit: 's' },
        { name: `${name}: CPU a round, database`, value: each(total([consortium.services.database.pid])), unit: 's' },
      );
      return figures;
    } finally {
      await close();
    }
  };
}

/** When each round was opened, and last when the study began to close: milliseconds since 1970. */
export function roundBounds(events: readonly LoggedEvent[]): number[] {
  const opened = [...momentsOf(events, 'round.open').values()];
  const closing = events.find(({ type }) => type === 'study.closing')?.at;
  return closing === undefined ? opened : [...opened, closing];
}

/** Seconds from each bound to the next. */
export function secondsBetween(bounds: readonly number[]): number[] {
  return bounds.slice(1).map((at, i) => (at - (bounds[i] ?? 0)) / 1000);
}

const STEPS = [
  ['round.open', 'round.closed', 'tasks out, updates in'],
  ['round.closed', 'round.aggregated', 'aggregating'],
  ['round.aggregated', 'round.recorded', 'building the record'],
  ['round.recorded', 'round.anchored', 'anchoring'],
] as const;

/** Median milliseconds of each phase after the warm-up. */
function phases(events: readonly LoggedEvent[]): [string, number][] {
  return STEPS.map(([from, to, what]) => {
    const began = momentsOf(events, from);
    const took = [...momentsOf(events, to)]
      .filter(([round]) => round > WARM_UP)
      .map(([round, at]) => at - (began.get(round) ?? at));
    return [what, took.length === 0 ? Number.NaN : median(took)];
  });
}
