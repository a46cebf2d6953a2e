import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Digest } from '../../core/values.ts';
import { toWire, wireCount } from '../../proto/wireValues.ts';
import type { Line } from './Line.ts';
import type { Lines } from './Lines.ts';

/** The bytes of a file from `from` on, through every break of the line. The caller hashes. */
export async function* download(
  lines: Lines,
  digest: Digest,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const retry = lines.retry(signal);
  let offset = from;
  for (;;) {
    try {
      const line = await retry.line();
      for await (const data of chunks(line, digest, offset, signal)) {
        offset += data.byteLength;
        retry.alive();
        yield data;
      }
      return;
    } catch (thrown) {
      await retry.failed(thrown);
    }
  }
}

async function* chunks(line: Line, digest: Digest, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const call = line.transfer.download({ digest: toWire(digest), offset: from }, line.metadata);
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel);
  // The loop below hears of errors; this one hears those that come when nobody iterates any more.
  call.on('error', () => undefined);
  let at = from;
  let length: number | null = null;
  try {
    for await (const chunk of call) {
      if (wireCount(chunk.offset, 'offset') !== at) {
        throw new SyndicError('CHUNK_OUT_OF_ORDER', `the coordinator sent byte ${chunk.offset}; ${at} is next`);
      }
      length ??= wireCount(chunk.length, 'length');
      at += chunk.data.byteLength;
      if (chunk.data.byteLength > 0) yield chunk.data;
    }
    if (at !== length)
      throw new SyndicError('COORDINATOR_UNAVAILABLE', `the download ended at byte ${at} of ${length}`);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}
