/** SIGHUP: the terminal was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let running: AbortController | null = null;

/** Aborts on the first of these signals; a second one ends the process as it would any other. */
export function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  running = stop;
  const onSignal = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return stop.signal;
}

/** What Ctrl-C does. @returns false when no command runs that would hear it, and end what it has started */
export function interrupt(): boolean {
  running?.abort();
  return running !== null;
}
