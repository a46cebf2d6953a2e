import { Metadata, type ServerErrorResponse, type StatusObject, status } from '@grpc/grpc-js';
import type { ErrorCode } from '../core/errors/codes.ts';
import { type ErrorDetails, isErrorCode, SyndicError } from '../core/errors/SyndicError.ts';

/** Trailing metadata of every refusal: the stable code, as text for people and tools. */
export const CODE_KEY = 'syndic-code';
/** Trailing metadata of every refusal: UTF-8 JSON `{message, details}`. */
export const ERROR_KEY = 'syndic-error-bin';

/** Trailers travel in one header block, of which the peer accepts a few kilobytes. */
const MAX_ERROR_BYTES = 4096;
const MAX_STATUS_TEXT = 1024;

/**
 * What a handler answers with when it throws. A `SyndicError` travels whole (code, message, details); anything else is
 * a fault of ours and tells nothing of its inside.
 */
export function toGrpcError(thrown: unknown): ServerErrorResponse & StatusObject {
  const error = thrown instanceof SyndicError && thrown.code !== 'INTERNAL' ? thrown : internal();
  const metadata = new Metadata();
  metadata.set(CODE_KEY, error.code);
  metadata.set(ERROR_KEY, body(error));
  const details = error.message.slice(0, MAX_STATUS_TEXT).toWellFormed();
  return Object.assign(new Error(details), { code: error.kind.grpc, details, metadata });
}

/** The error that the other end meant; a bare gRPC status (a broken line, a proxy's answer) gets the code that fits. */
export function fromGrpcError(thrown: unknown): SyndicError {
  if (thrown instanceof SyndicError) return thrown;
  if (!isGrpcStatus(thrown)) return new SyndicError('INTERNAL', text(thrown), {}, { cause: thrown });
  const [code] = thrown.metadata.get(CODE_KEY);
  if (isErrorCode(code)) {
    const { message, details } = readBody(thrown.metadata, thrown.details);
    return new SyndicError(code, message, details, { cause: thrown });
  }
  return new SyndicError(codeOf(thrown.code), `${thrown.details} (gRPC status ${thrown.code})`, {}, { cause: thrown });
}

function internal(): SyndicError {
  return new SyndicError('INTERNAL', 'the coordinator failed at this; its log says why');
}

function body(error: SyndicError): Buffer {
  const whole = Buffer.from(JSON.stringify({ message: error.message, details: error.details }));
  if (whole.byteLength <= MAX_ERROR_BYTES) return whole;
  return Buffer.from(JSON.stringify({ message: error.message.slice(0, MAX_STATUS_TEXT), details: {} }));
}

function readBody(metadata: Metadata, fallback: string): { message: string; details: ErrorDetails } {
  const [bytes] = metadata.get(ERROR_KEY);
  const parsed: unknown = Buffer.isBuffer(bytes) ? parse(bytes) : null;
  if (typeof parsed !== 'object' || parsed === null) return { message: fallback, details: {} };
  const message = 'message' in parsed && typeof parsed.message === 'string' ? parsed.message : fallback;
  const details = 'details' in parsed && typeof parsed.details === 'object' ? { ...parsed.details } : {};
  return { message, details };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // A peer of another version may spell this differently; the status says enough.
    return null;
  }
}

/** Whether gRPC itself threw this: the call failed, rather than something on this side of it. */
export function isGrpcStatus(thrown: unknown): thrown is StatusObject {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    typeof thrown.code === 'number' &&
    'details' in thrown &&
    typeof thrown.details === 'string' &&
    'metadata' in thrown &&
    thrown.metadata instanceof Metadata
  );
}

/** No handler of ours spoke: the line broke, or something between the two ends answered. */
function codeOf(grpc: number): ErrorCode {
  if (grpc === status.UNIMPLEMENTED) return 'VERSION_UNSUPPORTED';
  if (grpc === status.RESOURCE_EXHAUSTED) return 'TOO_LARGE';
  return 'COORDINATOR_UNAVAILABLE';
}

function text(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
