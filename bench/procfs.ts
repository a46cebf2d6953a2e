import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Kernel ticks a second that /proc counts CPU time in: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** The most memory that a process has had resident, in MiB, since it began or `resetPeak`. Linux only. */
export function peakMiB(pid: number | 'self' = 'self'): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line === null) throw new Error(`process ${pid} has no VmHWM: it has ended`);
  return Number(line[1]) / 1024;
}

/** Lets the peak begin anew at what is resident now (proc(5), clear_refs). */
export function resetPeak(pid: number | 'self' = 'self'): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** CPU seconds that a process has used, in user and kernel mode, all its threads together. */
export function cpuSeconds(pid: number): number {
  return readProcess(pid).cpu;
}

/** CPU seconds by thread name, of threads that live now. */
export function cpuByThread(pid: number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8');
    const name = /\((.*)\)/s.exec(stat)?.[1] ?? '?';
    const fields = stat.replace(/^.*\) /s, '').split(' ');
    const kind = Number(task) === pid ? 'event loop' : name;
    sums.set(kind, (sums.get(kind) ?? 0) + (Number(fields[11]) + Number(fields[12])) / TICKS);
  }
  return sums;
}

/** What the kernel tells of one process. */
export interface ProcessStat {
  readonly parent: number;
  /** It has ended, and its parent has not asked how. */
  readonly zombie: boolean;
  /** CPU seconds, in user and kernel mode, all its threads together. */
  readonly cpu: number;
  /** The same of its children that have ended and whose end it knows, with theirs. */
  readonly childrenCpu: number;
}

/** Every process that there is now, by its id. */
export function readProcesses(): Map<number, ProcessStat> {
  const found = new Map<number, ProcessStat>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = unlessEnded(() => readProcess(Number(entry)));
    if (stat !== null) found.set(Number(entry), stat);
  }
  return found;
}

function readProcess(pid: number): ProcessStat {
  // The second field is a name in brackets, which may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const ticks = (field: number) => Number(fields[field]) / TICKS;
  return {
    parent: Number(fields[1]),
    zombie: fields[0] === 'Z',
    cpu: ticks(11) + ticks(12),
    childrenCpu: ticks(13) + ticks(14),
  };
}

/** What `read` makes of files below /proc; null when the process that they tell of has ended meanwhile. */
export function unlessEnded<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

/** A process and everything below it. */
export function withDescendants(pid: number, processes = readProcesses()): number[] {
  const children = new Map<number, number[]>();
  for (const [child, { parent }] of processes) children.set(parent, [...(children.get(parent) ?? []), child]);
  const all = [pid];
  for (let k = 0; k < all.length; k++) all.push(...(children.get(all[k] ?? 0) ?? []));
  return all;
}

/** Memory that a process has resident, in MiB. */
export interface Memory {
  /** Its own, and of files that it maps. */
  readonly own: number;
  /** Shared with other processes on purpose, such as PostgreSQL's buffers. */
  readonly shared: number;
  /** The most that both have been together. */
  readonly peak: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  // A process that is ending has none left, and no such lines.
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { own: mib('RssAnon') + mib('RssFile'), shared: mib('RssShmem'), peak: mib('VmHWM') };
}

/** CPU seconds that all of this machine's cores have worked since it began. */
export function machineCpuSeconds(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split(/\s+/, 8).map(Number);
  return [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) / TICKS;
}
