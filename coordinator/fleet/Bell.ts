/** Wakes everyone who waits; who waits hears it at the latest after a while. */
export class Bell {
  private rung = 0;
  private readonly waiting = new Set<() => void>();

  ring(): void {
    this.rung++;
    for (const wake of this.waiting) wake();
  }

  /** To be taken before looking at what a ring tells of: `wait` then also hears those that came during the look. */
  get count(): number {
    return this.rung;
  }

  /**
   * Resolves at the first ring after `count`, which may have been already, after `milliseconds`, or when `signal` aborts,
   * whichever is first.
   */
  wait(count: number, milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.waiting.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted || this.rung !== count) wake();
    });
  }
}
