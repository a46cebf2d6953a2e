import type { Crash } from './modules.ts';

/**
 * Kills the process at a point, as a power cut would: nothing is flushed, nobody is told. For tests of what comes after.
 *
 * @param at `point`, or `point:n` for the n-th time that it is reached
 */
export function crashAt(at: string, kill: () => void = () => process.kill(process.pid, 'SIGKILL')): Crash {
  const [wanted, count = '1'] = at.split(':');
  let left = Number(count);
  return (point) => {
    if (point === wanted && --left === 0) kill();
  };
}
