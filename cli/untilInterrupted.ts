let running: AbortController | null = null;

/** Aborts on the first SIGINT or SIGTERM; a second one ends the process as it would any other. */
export function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  running = stop;
  const onSignal = () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return stop.signal;
}

/** What Ctrl-C does. @returns false when no command runs that would hear it, and end what it has started */
export function interrupt(): boolean {
  running?.abort();
  return running !== null;
}
