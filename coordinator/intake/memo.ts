/**
 * Remembers the answers to the newest `most` questions; answers must never change. What failed is asked again.
 */
export function memo<A>(most: number): (key: string, ask: () => Promise<A>) => Promise<A> {
  const answers = new Map<string, Promise<A>>();
  return (key, ask) => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const asked = ask();
    answers.set(key, asked);
    asked.catch(() => answers.delete(key));
    const [oldest] = answers.keys();
    if (answers.size > most && oldest !== undefined) answers.delete(oldest);
    return asked;
  };
}
