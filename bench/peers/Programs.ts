import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { type Started, sendSignal, start } from '../../embedded/processes.ts';
import { orAborted } from './orAborted.ts';

/** Seconds after which a program is ended even if nobody is there any more to end it. */
const LIMIT = 1200;
const GRACE_MS = 5000;

/**
 * The programs that one measurement starts, in a folder of their own. They and whatever they start are told apart from
 * all others by their TMPDIR, which is below that folder: so they are found at the end even where a parent has gone.
 */
export class Programs {
  private readonly dir: string;
  private readonly env: NodeJS.ProcessEnv;
  private readonly signal: AbortSignal;

  private constructor(dir: string, env: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.dir = dir;
    this.env = env;
    this.signal = signal;
  }

  static async in(dir: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Programs> {
    const tmp = join(dir, 'tmp');
    await mkdir(tmp, { recursive: true });
    return new Programs(dir, { ...process.env, ...env, TMPDIR: tmp }, signal);
  }

  /** Starts one that stays, its output in `NAME.log`. */
  async start(name: string, command: string, args: readonly string[], cwd = this.dir): Promise<Started> {
    this.signal.throwIfAborted();
    const bounded = ['--kill-after=10', String(LIMIT), command, ...args];
    return await start(name, 'timeout', bounded, { cwd, env: this.env, logFile: this.logFile(name) });
  }

  /** Runs one to its end. @throws SyndicError RUN_FAILED with its last lines when it fails */
  async run(name: string, command: string, args: readonly string[], cwd = this.dir): Promise<void> {
    const started = await this.start(name, command, args, cwd);
    const { code } = await orAborted(started.ended, this.signal);
    if (code !== 0) throw await this.failed(started);
  }

  /** Waits until something listens on a port of this machine, which `server` is to do. */
  async untilListens(server: Started, port: number): Promise<void> {
    await this.until(() => listens(port), [server]);
  }

  /** Waits until `there`, which one of `programs` is to bring about; none of them may end before. */
  async until(there: () => boolean | Promise<boolean>, programs: readonly Started[]): Promise<void> {
    let ended: Started | undefined;
    for (const program of programs) void program.ended.then(() => (ended ??= program));
    while (!(await there())) {
      if (ended !== undefined) throw await this.failed(ended);
      await sleep(100);
      this.signal.throwIfAborted();
    }
  }

  /** Ends all of them and everything that they started: politely, then not. */
  async end(): Promise<void> {
    const deadline = Date.now() + GRACE_MS;
    const asked = new Set<number>();
    for (;;) {
      const left = this.running();
      if (left.length === 0) return;
      const late = Date.now() > deadline;
      if (Date.now() > deadline + GRACE_MS)
        throw new SyndicError('RUN_FAILED', `processes ${left.join(', ')} do not end`, { pids: left });
      for (const pid of left) {
        if (late) sendSignal(pid, 'SIGKILL');
        else if (!asked.has(pid)) sendSignal(pid, 'SIGTERM');
        asked.add(pid);
      }
      await sleep(50);
    }
  }

  private running(): number[] {
    const mark = `TMPDIR=${this.env.TMPDIR}`;
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    return pids.map(Number).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
      } catch {
        // It has ended, or is another user's: none of ours.
        return false;
      }
    });
  }

  private async failed({ name, ended }: Started): Promise<SyndicError> {
    const { code, signal } = await ended;
    const said = (await readFile(this.logFile(name), 'utf8')).trim().split('\n').slice(-15).join('\n');
    return new SyndicError('RUN_FAILED', `${name} ended (${signal ?? `exit code ${code}`}):\n${said}`, { name });
  }

  private logFile(name: string): string {
    return join(this.dir, `${name}.log`);
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
