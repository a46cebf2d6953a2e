/** Runs actions under one key one after the other; those under different keys do not wait for each other. */
export function inTurn(): <T>(key: string, action: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (key, action) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(action, action);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
