import { availableParallelism } from 'node:os';
import {
  type Memory,
  machineCpuSeconds,
  memoryOf,
  type ProcessStat,
  readProcesses,
  unlessEnded,
  withDescendants,
} from '../procfs.ts';
import type { Federation } from './Federation.ts';

const EVERY_MS = 200;

/** What had been used at a moment; CPU in seconds since some beginning. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly server: number;
  readonly clients: number;
  /** This process, which watches. */
  readonly watcher: number;
  readonly machine: number;
}

/** What was seen while a federation ran. */
export interface Watched {
  readonly samples: readonly Sample[];
  /** The most memory that the server had resident at a time, in MiB: all its processes, and each named part. */
  readonly peak: number;
  readonly peaks: Readonly<Record<string, number>>;
}

/** Watches a federation from outside, until the function that it returns is called. */
export function watch({ server, clients }: Pick<Federation, 'server' | 'clients'>): () => Watched {
  const samples: Sample[] = [];
  const peaks: Record<string, number> = {};
  let peak = 0;
  const look = () => {
    const processes = readProcesses();
    const cpu = (roots: readonly number[]) =>
      roots
        .flatMap((root) => withDescendants(root, processes))
        .reduce((sum, pid) => sum + cpuOf(processes.get(pid)), 0);
    const { user, system } = process.cpuUsage();
    samples.push({
      at: Date.now(),
      server: cpu(Object.values(server)),
      clients: cpu(clients),
      watcher: (user + system) / 1e6,
      machine: machineCpuSeconds(),
    });
    let together = 0;
    for (const [name, root] of Object.entries(server)) {
      const memories = withDescendants(root, processes).map((pid) => unlessEnded(() => memoryOf(pid)));
      const { now, least } = residentIn(memories.filter((memory) => memory !== null));
      together += now;
      peaks[name] = Math.max(peaks[name] ?? 0, now, least);
    }
    peak = Math.max(peak, together, ...Object.values(peaks));
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return { samples, peak, peaks };
  };
}

/** With what a process's ended children used: one that lived between two looks counts too. */
function cpuOf(stat: ProcessStat | undefined): number {
  return stat === undefined ? 0 : stat.cpu + stat.childrenCpu;
}

/**
 * Memory of processes that belong together, in MiB. What they share on purpose counts once, the libraries that they map
 * count in each. A peak between two looks is missed, save that one process's own cannot be.
 */
export function residentIn(memories: readonly Memory[]): { readonly now: number; readonly least: number } {
  const own = memories.reduce((sum, memory) => sum + memory.own, 0);
  return {
    now: own + Math.max(0, ...memories.map(({ shared }) => shared)),
    least: Math.max(0, ...memories.map(({ peak }) => peak)),
  };
}

/** CPU used from one moment to another. */
export interface Usage {
  /** Seconds. */
  readonly server: number;
  readonly clients: number;
  /** What anything else on the machine took, as a share of all its cores' time: how disturbed the measurement was. */
  readonly others: number;
}

export function usageBetween(samples: readonly Sample[], from: number, to: number): Usage {
  const used = (of: (sample: Sample) => number) => valueAt(samples, to, of) - valueAt(samples, from, of);
  const server = used((sample) => sample.server);
  const clients = used((sample) => sample.clients);
  const others = used((sample) => sample.machine) - server - clients - used((sample) => sample.watcher);
  const wall = ((to - from) / 1000) * availableParallelism();
  return { server, clients, others: Math.max(0, others / wall) };
}

/** A value between two looks, as if it grew evenly. */
function valueAt(samples: readonly Sample[], at: number, of: (sample: Sample) => number): number {
  const next = samples.findIndex((sample) => sample.at >= at);
  const [before, after] = [samples[next - 1], samples[next]];
  if (before === undefined || after === undefined) throw new RangeError(`nobody watched at ${at}`);
  const share = (at - before.at) / (after.at - before.at);
  return of(before) + share * (of(after) - of(before));
}
