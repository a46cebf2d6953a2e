/**
 * Runs `work(key)` at most once at a time for one key. A call that comes while it runs is answered by one more run
 * after it, however many such calls there are: what they tell of may have come too late for the run under way.
 */
export function onceAtATime<K>(work: (key: K) => Promise<void>): (key: K) => Promise<void> {
  const running = new Map<K, { again: boolean; done: Promise<void> }>();

  async function runUntilQuiet(key: K, state: { again: boolean }): Promise<void> {
    try {
      do {
        state.again = false;
        await work(key);
      } while (state.again);
    } finally {
      running.delete(key);
    }
  }

  return (key) => {
    const under = running.get(key);
    if (under !== undefined) {
      under.again = true;
      return under.done;
    }
    const state = { again: false, done: Promise.resolve() };
    running.set(key, state);
    state.done = runUntilQuiet(key, state);
    return state.done;
  };
}
