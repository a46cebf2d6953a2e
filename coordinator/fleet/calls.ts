import type { handleUnaryCall, Metadata, ServerErrorResponse, ServerWritableStream } from '@grpc/grpc-js';
import { toSyndicError } from '../../core/errors/SyndicError.ts';
import { toGrpcError } from '../../proto/errors.ts';
import type { Log } from '../modules.ts';

/** A unary handler of a function that returns or throws. */
export function unary<Q, A>(log: Log, answer: (request: Q, metadata: Metadata) => Promise<A>): handleUnaryCall<Q, A> {
  return (call, callback) => {
    answer(call.request, call.metadata).then(
      (value) => callback(null, value),
      (error: unknown) => callback(failure(log, call.getPath(), error)),
    );
  };
}

/**
 * Resolves when the message is on its way, or nobody waits for it any more. Who waits for that before the next but one
 * keeps two in memory, where the stream itself would take sixteen: so many grow old enough that only a collection of
 * the whole heap frees them.
 */
export function send<Q, A>(call: ServerWritableStream<Q, A>, message: A): Promise<void> {
  if (call.cancelled) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      call.off('cancelled', done);
      resolve();
    };
    call.once('cancelled', done);
    call.write(message, done);
  });
}

/** What the caller is told; what it is not told goes to the log. */
export function failure(log: Log, path: string, thrown: unknown): ServerErrorResponse {
  const error = toSyndicError(thrown);
  if (error.code === 'INTERNAL') log.error({ path, error: describe(thrown) }, 'call failed');
  else log.debug({ path, code: error.code, error: error.message }, 'call refused');
  return toGrpcError(error);
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
