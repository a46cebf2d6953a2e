import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SyndicError } from '../core/errors/SyndicError.ts';

export interface Started {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended, however it ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly child: ChildProcess;
}

export interface StartOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> {
  /** File that standard output and standard error are appended to. */
  readonly logFile: string;
  /** The child, a Node, is given a channel that closes when this process ends, however it ends. */
  readonly channel?: boolean;
}

/**
 * Starts a long-running child in a process group of its own, so that Ctrl-C in a terminal reaches the supervisor
 * alone and the supervisor decides in which order things stop.
 */
export async function start(name: string, command: string, args: string[], options: StartOptions): Promise<Started> {
  const { logFile, channel = false, ...rest } = options;
  const log = openSync(logFile, 'a', 0o600);
  const stdio: SpawnOptions['stdio'] = ['ignore', log, log, ...(channel ? (['ipc'] as const) : [])];
  const child = spawn(command, args, { ...rest, stdio, detached: true });
  closeSync(log);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(
        new SyndicError('DEPENDENCY_UNAVAILABLE', `${name} does not start: ${cause.message}`, { name }, { cause }),
      ),
    );
  });
  if (child.pid === undefined) throw new SyndicError('DEPENDENCY_UNAVAILABLE', `${name} does not start`, { name });
  return { name, pid: child.pid, ended, child };
}

/** Asks a child to end, and makes it after `seconds`. Resolves when it is gone. */
export async function stop(started: Started, signal: NodeJS.Signals = 'SIGTERM', seconds = 20): Promise<void> {
  if (started.child.exitCode !== null || started.child.signalCode !== null) return;
  started.child.kill(signal);
  const timer = setTimeout(() => started.child.kill('SIGKILL'), seconds * 1000);
  await started.ended;
  clearTimeout(timer);
}

/**
 * Whether a process runs. One that ended, and that nobody has asked for its exit code, does not, though its number is
 * still taken: in a container whose first process does not ask, that of an orphan is for ever.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return stateOf(pid) !== 'Z';
}

/** The state of proc_pid_stat(5), after the command in parentheses; null where this system does not tell. */
function stateOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return null;
  }
}

/**
 * Signals a process, or with a negative `pid` a group. One that has ended meanwhile, as it may between any look and any
 * signal, is none to signal. Throws where the system does not allow it.
 */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends a process that an earlier supervisor left behind: politely, then not. */
export async function endOrphan(pid: number, signal: NodeJS.Signals, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  if (!isAlive(pid)) return;
  sendSignal(pid, signal);
  while (isAlive(pid)) {
    if (Date.now() > deadline) sendSignal(pid, 'SIGKILL');
    await sleep(50);
  }
}
