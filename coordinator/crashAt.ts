import { writeSync } from 'node:fs';
import type { Crash } from './modules.ts';

type Signal = 'SIGKILL' | 'SIGSTOP';

/**
 * Ends the process at a point, as a power cut would: nothing is flushed, nobody is told. Or stops it there, so that
 * another process may end it, or others, and let it go on. For tests of what comes after.
 *
 * @param at `point`, `point:n` for the n-th time that it is reached, `stop@point` to stop there; several with commas
 */
export function crashAt(at: string, send: (signal: Signal, point: string) => void = sendSelf): Crash {
  const wanted = at.split(',').map((text) => {
    const [point, count = '1'] = text.replace(/^stop@/, '').split(':');
    const signal: Signal = text.startsWith('stop@') ? 'SIGSTOP' : 'SIGKILL';
    return { point, signal, left: Number(count) };
  });
  return (point) => {
    for (const one of wanted) if (one.point === point && --one.left === 0) send(one.signal, point);
  };
}

/** The line is written before the signal is sent: whoever watches knows at which point the process stands. */
function sendSelf(signal: Signal, point: string): void {
  writeSync(2, `${JSON.stringify({ crash: point, signal })}\n`);
  process.kill(process.pid, signal);
}
