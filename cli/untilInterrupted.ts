/** Aborts on the first SIGINT or SIGTERM; a second one ends the process as it would any other. */
export function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  const onSignal = () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return stop.signal;
}
