import { codes, type ErrorCode, type ErrorKind } from './codes.ts';

/** Typed facts about the fault (which field, which value); never secrets, never rows. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The one error class that crosses a room. The message says what happened and what to do; `code` is stable and
 * decides gRPC status, HTTP status and exit code alike.
 *
 * @example
 * throw new SyndicError('LENGTH_MISMATCH', 'update is 4,112 bytes; the base model makes it 4,096: send exactly that', { got: 4112, want: 4096 });
 */
export class SyndicError extends Error {
  override readonly name = 'SyndicError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  get kind(): ErrorKind {
    return codes[this.code];
  }

  get retryable(): boolean {
    return this.kind.retryable;
  }

  /** What a boundary sends: code, message and details, nothing of stack or cause. */
  toJSON(): { code: ErrorCode; message: string; details: ErrorDetails } {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** Turns whatever was thrown into a SyndicError; what is not one already is a fault of ours. */
export function toSyndicError(thrown: unknown): SyndicError {
  if (thrown instanceof SyndicError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SyndicError('INTERNAL', message, {}, { cause: thrown });
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(codes, value);
}
