import { SyndicError } from '../../../core/errors/SyndicError.ts';

/** The SyndicError that `action` throws; anything else that it does fails the test. */
export function thrown(action: () => unknown): SyndicError {
  try {
    action();
  } catch (error) {
    if (error instanceof SyndicError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The same for a promise. */
export async function rejected(promise: Promise<unknown>): Promise<SyndicError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SyndicError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
