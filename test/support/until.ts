/** Resolves once `condition` holds; rejects when it does not within `seconds`. For what other threads or servers do. */
export async function until(condition: () => boolean | Promise<boolean>, seconds = 300): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`did not come true within ${seconds} s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
