/** The same bytes in chunks of `size`, the last as long as it is; each in a buffer of its own. */
export async function* inChunksOf(size: number, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let chunk = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  for await (const bytes of source) {
    for (let at = 0; at < bytes.byteLength; ) {
      const taken = bytes.subarray(at, at + size - filled);
      chunk.set(taken, filled);
      filled += taken.byteLength;
      at += taken.byteLength;
      if (filled < size) continue;
      yield chunk;
      chunk = Buffer.allocUnsafeSlow(size);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
