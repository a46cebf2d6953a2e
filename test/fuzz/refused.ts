import { expect } from '@jest/globals';
import type { ErrorCode } from '../../core/errors/codes.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';

/**
 * What `action` makes of its input, or null when it refuses it with one of `allowed`.
 *
 * Anything else thrown fails the test: a TypeError or RangeError is a fault of ours, whatever the bytes were.
 */
export function resultOrRefusal<T>(allowed: readonly ErrorCode[], action: () => T): T | null {
  try {
    return action();
  } catch (error) {
    expectRefusal(allowed, error);
    return null;
  }
}

export function expectRefusal(allowed: readonly ErrorCode[], error: unknown): asserts error is SyndicError {
  if (!(error instanceof SyndicError)) throw error;
  expect(allowed).toContain(error.code);
  // What is told is told by gRPC, HTTP and a log: it stays small whatever came.
  expect(error.message.length).toBeLessThan(100_000);
}
