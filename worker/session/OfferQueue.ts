/** Items in the order in which they were put, for one consumer that may be slower than what comes. */
export class OfferQueue<T> implements AsyncIterable<T> {
  private readonly items: T[] = [];
  private over: { readonly error: unknown } | null = null;
  private wake: () => void = () => undefined;

  put(item: T): void {
    this.items.push(item);
    this.wake();
  }

  /** Nothing more comes; with an error, the consumer gets that after what is there. */
  end(error: unknown = null): void {
    this.over ??= { error };
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const item = this.items.shift();
      if (item !== undefined) {
        yield item;
      } else if (this.over !== null) {
        if (this.over.error !== null) throw this.over.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
  }
}
