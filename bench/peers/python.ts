import { join } from 'node:path';
import { valuesIn } from '../plan.ts';
import type { Federation, Job } from './Federation.ts';
import { Programs } from './Programs.ts';

/** Makes a Python environment with the peers in it, or completes the one that is there. */
export async function makeVenv(venv: string, dir: string, signal: AbortSignal): Promise<void> {
  const programs = await Programs.in(dir, {}, signal);
  try {
    await programs.run('venv', 'python3', ['-m', 'venv', venv]);
    const requirements = join(import.meta.dirname, 'requirements.txt');
    await programs.run('pip', join(venv, 'bin', 'pip'), ['install', '--quiet', '--requirement', requirements]);
  } finally {
    await programs.end();
  }
}

/**
 * A federation of a peer's programs: from the job's Python environment, with a home of their own.
 *
 * @param startIn starts them; what it started is ended when it throws
 */
export async function openPeer(
  job: Job,
  env: NodeJS.ProcessEnv,
  startIn: (programs: Programs, job: Job) => Promise<Federation>,
): Promise<Federation> {
  const programs = await peerPrograms(job, env);
  try {
    return await startIn(programs, job);
  } catch (error) {
    await programs.end();
    throw error;
  }
}

function peerPrograms({ dir, venv, wait, signal }: Job, env: NodeJS.ProcessEnv): Promise<Programs> {
  const shortened = {
    PYTHONPATH: join(import.meta.dirname, 'short_waits'),
    BENCH_WAIT: String(wait),
  };
  const common = {
    HOME: dir,
    PATH: `${join(venv, 'bin')}:${process.env.PATH}`,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
  return Programs.in(dir, { ...common, ...(wait === null ? {} : shortened), ...env }, signal);
}

/** The model as the peers have it: as many float32 values as Syndic's, in arrays of one size. */
export function arraysOf(width: number): { readonly arrays: number; readonly elements: number } {
  const arrays = 4;
  return { arrays, elements: Math.ceil(valuesIn(width) / arrays) };
}
