import { SyndicError } from '../../core/errors/SyndicError.ts';

/** What S3 or the line to it answered, as far as it matters here. */
interface Answer {
  readonly status: number | undefined;
  readonly name: string;
}

/** There is no such object. */
export function isAbsent(error: unknown): boolean {
  const { status, name } = answer(error);
  return status === 404 && name !== 'NoSuchBucket';
}

/** The range begins at the object's end or after it. */
export function isPastTheEnd(error: unknown): boolean {
  return answer(error).status === 416;
}

/** Another has put an object of that name, or is about to. */
export function isTaken(error: unknown): boolean {
  return [409, 412].includes(answer(error).status ?? 0);
}

/**
 * Whatever S3 or the line says besides: it may be over soon, and no member's fault. The error itself is left out, as it
 * holds the request.
 */
export function unavailable(error: unknown): SyndicError {
  if (error instanceof SyndicError) return error;
  const { status, name } = answer(error);
  if (status === 507)
    return new SyndicError('STORE_FULL', 'the S3 store has no room left: make room', { status, name });
  const said = error instanceof Error && error.message !== '' ? `: ${error.message}` : '';
  const numbered = status === undefined ? '' : ` (${status})`;
  return new SyndicError(
    'DEPENDENCY_UNAVAILABLE',
    `the S3 store does not do what was asked: ${name}${numbered}${said}`,
    {
      ...(status === undefined ? {} : { status }),
      name,
    },
  );
}

function answer(error: unknown): Answer {
  if (typeof error !== 'object' || error === null) return { status: undefined, name: String(error) };
  const { name, code, $metadata } = error as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  return { status: $metadata?.httpStatusCode, name: code ?? name ?? 'Error' };
}
