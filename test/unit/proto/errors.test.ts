import { Metadata } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { codes, type ErrorCode } from '../../../core/errors/codes.ts';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import { CODE_KEY, fromGrpcError, isGrpcStatus, toGrpcError } from '../../../proto/errors.ts';

const known = (Object.keys(codes) as ErrorCode[]).filter((code) => code !== 'INTERNAL');

describe('an error on the wire', () => {
  test.each(known)('keeps the code %s, its message and its details', (code) => {
    const sent = new SyndicError(code, 'größer als erlaubt: 3 > 2', { got: 3, want: 2 });
    const wire = toGrpcError(sent);
    expect(wire.code).toBe(codes[code].grpc);
    expect(wire.metadata.get(CODE_KEY)).toEqual([code]);
    expect(fromGrpcError(wire).toJSON()).toEqual(sent.toJSON());
  });

  test('tells nothing of a fault of ours, neither its message nor its stack', () => {
    for (const thrown of [
      new Error('password is hunter2'),
      new SyndicError('INTERNAL', 'hunter2', { key: 'hunter2' }),
      'hunter2',
    ]) {
      const wire = toGrpcError(thrown);
      expect(JSON.stringify([wire.details, wire.metadata.toJSON(), wire.message])).not.toContain('hunter2');
      expect(
        Buffer.concat(wire.metadata.get('syndic-error-bin').map((part) => Buffer.from(part))).toString(),
      ).not.toContain('hunter2');
      expect(fromGrpcError(wire).code).toBe('INTERNAL');
    }
  });

  test('fits into trailers however long it is', () => {
    const wire = toGrpcError(new SyndicError('PLAN_INVALID', 'x'.repeat(100_000), { faults: 'y'.repeat(100_000) }));
    const [body] = wire.metadata.get('syndic-error-bin');
    expect(body?.length).toBeLessThanOrEqual(4096);
    expect(fromGrpcError(wire)).toMatchObject({ code: 'PLAN_INVALID', details: {} });
  });

  test('cut within a character is still sent', () => {
    const wire = toGrpcError(new SyndicError('PLAN_INVALID', `${'x'.repeat(1023)}🏥🏥`));
    expect(() => encodeURI(wire.details)).not.toThrow();
  });
});

describe('a bare gRPC status', () => {
  const bare = (code: number, metadata = new Metadata()) => ({ code, details: 'said by gRPC', metadata });

  test.each([
    [14, 'COORDINATOR_UNAVAILABLE'],
    [1, 'COORDINATOR_UNAVAILABLE'],
    [4, 'COORDINATOR_UNAVAILABLE'],
    [13, 'COORDINATOR_UNAVAILABLE'],
    [12, 'VERSION_UNSUPPORTED'],
    [8, 'TOO_LARGE'],
  ] as const)('%i is read as %s', (status, code) => {
    expect(fromGrpcError(bare(status)).code).toBe(code);
  });

  test('with a code of a newer version is read by its status', () => {
    const metadata = new Metadata();
    metadata.set(CODE_KEY, 'CODE_OF_NEXT_YEAR');
    expect(fromGrpcError(bare(14, metadata)).code).toBe('COORDINATOR_UNAVAILABLE');
  });

  test('whose body is not JSON keeps its code', () => {
    const metadata = new Metadata();
    metadata.set(CODE_KEY, 'WRONG_PLAN');
    metadata.set('syndic-error-bin', Buffer.from('{'));
    expect(fromGrpcError(bare(9, metadata))).toMatchObject({ code: 'WRONG_PLAN', message: 'said by gRPC' });
  });

  test('is told from an error of this side', () => {
    expect(isGrpcStatus(bare(14))).toBe(true);
    expect(isGrpcStatus(Object.assign(new Error('no file'), { code: 'ENOENT' }))).toBe(false);
    expect(isGrpcStatus(null)).toBe(false);
    expect(fromGrpcError(new Error('disk'))).toMatchObject({ code: 'INTERNAL', message: 'disk' });
  });
});
