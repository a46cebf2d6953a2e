import canonicalize from 'canonicalize';
import { SyndicError } from './errors/SyndicError.ts';

/** Documents are small; a manifest of 2,000 entries is about 1 MB. */
const DEFAULT_LIMIT = 8 * 1024 * 1024;

/**
 * The RFC 8785 (JSON Canonicalization Scheme) bytes of `value`, UTF-8. Members that are `undefined` are left out.
 *
 * @throws SyndicError DOCUMENT_INVALID for what JSON cannot say: NaN, infinity, an undefined root, a lone surrogate,
 * a bigint, a cycle.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  const text = canonicalText(value);
  if (text === undefined) {
    throw new SyndicError('DOCUMENT_INVALID', 'an undefined value has no JSON form: pass an object, array or scalar');
  }
  return new TextEncoder().encode(text);
}

function canonicalText(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyndicError('DOCUMENT_INVALID', `the value has no canonical JSON form: ${reason}`, { reason }, { cause });
  }
}

/**
 * Parses JSON that must be strict UTF-8 without a byte order mark.
 *
 * @param limit most bytes taken, default 8 MiB
 * @throws SyndicError TOO_LARGE past `limit`; DOCUMENT_INVALID when it is not UTF-8 or not JSON
 */
export function parseJson(bytes: Uint8Array, limit: number = DEFAULT_LIMIT): unknown {
  if (bytes.byteLength > limit) {
    throw new SyndicError('TOO_LARGE', `document is ${bytes.byteLength} bytes; at most ${limit} are read`, {
      got: bytes.byteLength,
      limit,
    });
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyndicError('DOCUMENT_INVALID', `document is not UTF-8 JSON: ${reason}`, { reason }, { cause });
  }
}
