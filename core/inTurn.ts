/** Runs actions under one key one after the other; those under different keys do not wait for each other. */
export function inTurn<K extends string>(): <T>(key: K, action: () => Promise<T>) => Promise<T> {
  const last = new Map<K, Promise<unknown>>();
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
