import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { codes, type ErrorKind, EXIT } from '../../../../core/errors/codes.ts';
import { isErrorCode, SyndicError, toSyndicError } from '../../../../core/errors/SyndicError.ts';

const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
/** The cells of every table line that starts with a cell of this form. */
const lines = (first: RegExp) =>
  page
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => first.test(cells[1] ?? ''));

describe('docs/errors.md', () => {
  test('has one line for every code, with its exit code and whether to try again, in the table’s order', () => {
    const said = lines(/^`[A-Z_]+`$/).map(([, code, exit, again, meaning, remedy]) => {
      expect(meaning).toMatch(/\.$/);
      expect(remedy).toMatch(/\.$/);
      return [code, exit, again];
    });
    const kinds: [string, ErrorKind][] = Object.entries(codes);
    expect(said).toEqual(
      kinds.map(([code, kind]) => [`\`${code}\``, String(kind.exit), kind.retryable ? 'yes' : 'no']),
    );
  });

  test('has one line for every exit code', () => {
    const said = lines(/^[0-9]+$/).map(([, exit, name]) => [name, Number(exit)]);
    expect(said).toEqual(Object.entries(EXIT).map(([name, exit]) => [`\`${name}\``, exit]));
  });
});

describe('a code', () => {
  test('has an exit code of its own class, never success, and statuses that are errors', () => {
    for (const kind of Object.values(codes) as ErrorKind[]) {
      expect(Object.values(EXIT)).toContain(kind.exit);
      expect(kind.exit).toBeGreaterThan(0);
      expect(kind.http).toBeGreaterThanOrEqual(400);
      expect(kind.grpc).toBeGreaterThan(0);
    }
  });

  test('is told from other words', () => {
    expect(isErrorCode('NOT_FOUND')).toBe(true);
    // A list of one code is spelt like that code when it is taken for a key.
    for (const other of ['toString', '__proto__', 'NOPE', 5, null, ['NOT_FOUND']])
      expect(isErrorCode(other)).toBe(false);
  });
});

describe('a SyndicError', () => {
  test('sends code, message and details; nothing of its stack or cause', () => {
    const error = new SyndicError('STORE_FULL', 'the store is full', { free: 0 }, { cause: new Error('secret') });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'STORE_FULL',
      message: 'the store is full',
      details: { free: 0 },
    });
    expect(error.retryable).toBe(true);
  });

  test('is made of whatever was thrown', () => {
    const own = new SyndicError('NOT_FOUND', 'gone');
    expect(toSyndicError(own)).toBe(own);
    expect(toSyndicError(new Error('x'))).toMatchObject({ code: 'INTERNAL', message: 'x' });
    expect(toSyndicError('x')).toMatchObject({ code: 'INTERNAL', message: 'x' });
    const thrown = new TypeError('x');
    expect(toSyndicError(thrown)).toMatchObject({ name: 'SyndicError', cause: thrown });
  });
});
