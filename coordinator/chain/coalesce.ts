/**
 * One run of `work` at a time. Who asks while one is under way gets the next one, which all that ask meanwhile share:
 * a caller always gets a run that began after it asked.
 */
export function coalesce(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  function begin(): Promise<void> {
    const run = work().finally(() => {
      if (running === run) running = null;
    });
    running = run;
    return run;
  }

  return () => {
    if (next !== null) return next;
    if (running === null) return begin();
    next = running
      .catch(() => {
        // Whoever asked for that run hears of its fault.
      })
      .then(() => {
        next = null;
        return begin();
      });
    return next;
  };
}
