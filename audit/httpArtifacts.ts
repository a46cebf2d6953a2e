import { SyndicError } from '../core/errors/SyndicError.ts';
import { fileName } from '../core/values.ts';
import type { Artifacts } from './port.ts';

/** Milliseconds until a server that says nothing is given up on. */
const PATIENCE = 60_000;

/**
 * A web server's folder of files named by the 64 hex digits of their SHA-256, which answers range requests (RFC 9110,
 * section 14).
 *
 * @throws SyndicError ARTIFACTS_UNAVAILABLE from `open` and `read`
 */
export function httpArtifacts(base: URL): Artifacts {
  const folder = base.href.endsWith('/') ? base.href : `${base.href}/`;
  return {
    async open(digest) {
      const url = new URL(fileName(digest), folder);
      const head = await ask(url, { method: 'HEAD' });
      if (head.status === 404) return null;
      const size = Number(head.headers.get('content-length') ?? Number.NaN);
      if (head.status !== 200 || !Number.isSafeInteger(size)) throw unavailable(url, `answers ${head.status}`);
      return {
        size,
        async read(offset, length) {
          const end = Math.min(offset + length, size);
          if (end <= offset) return new Uint8Array();
          const part = await ask(url, { headers: { range: `bytes=${offset}-${end - 1}` } });
          if (part.status !== 206) {
            await part.body?.cancel();
            throw unavailable(url, `answers ${part.status} to a request for a range`);
          }
          // A server that sends more than was asked for is not read to its end.
          if (Number(part.headers.get('content-length')) !== end - offset) {
            await part.body?.cancel();
            throw unavailable(url, 'answers another range than was asked for');
          }
          return new Uint8Array(await part.arrayBuffer());
        },
        close: async () => {},
      };
    },
  };
}

async function ask(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) });
  } catch (cause) {
    throw unavailable(url, 'does not answer', cause);
  }
}

function unavailable(url: URL, what: string, cause?: unknown): SyndicError {
  const message = `${url.origin} ${what}: check the address, or give a folder`;
  return new SyndicError('ARTIFACTS_UNAVAILABLE', message, {}, { cause });
}
