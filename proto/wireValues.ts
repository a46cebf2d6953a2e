import { SyndicError } from '../core/errors/SyndicError.ts';
import { bytesToHex, type Digest, digest, hexToBytes, type Instant, instant } from '../core/values.ts';

/** 32 bytes off the wire. @throws SyndicError DOCUMENT_INVALID */
export function wireDigest(bytes: Uint8Array, field: string): Digest {
  if (bytes.byteLength !== 32) throw malformed(field, `${bytes.byteLength} bytes: 32 are wanted`);
  return digest(bytesToHex(bytes));
}

/** A uint64 off the wire, which proto-loader gives as text. @throws SyndicError DOCUMENT_INVALID from 2^53 on */
export function wireCount(text: string, field: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw malformed(field, `${text} is not below 2^53`);
  return value;
}

/** Unix seconds off the wire. @throws SyndicError DOCUMENT_INVALID */
export function wireInstant(text: string, field: string): Instant {
  return instant(wireCount(text, field));
}

/** A value that one of `core/values` makes of what came, whose RangeError is the sender's fault. */
export function wireValue<T>(field: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof RangeError) throw malformed(field, cause.message, cause);
    throw cause;
  }
}

/** 0x-hex as the bytes that the wire carries. */
export function toWire(hex: `0x${string}`): Buffer {
  return Buffer.from(hexToBytes(hex));
}

function malformed(field: string, what: string, cause?: unknown): SyndicError {
  return new SyndicError('DOCUMENT_INVALID', `${field} is malformed: ${what}`, { field }, { cause });
}
