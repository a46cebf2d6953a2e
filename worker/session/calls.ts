import type { ClientUnaryCall, requestCallback } from '@grpc/grpc-js';

/** Milliseconds after which an answer to a small question is no longer expected. */
const ANSWER_MS = 30_000;

/** A deadline for a call that answers at once. */
export function soon(): { deadline: number } {
  return { deadline: Date.now() + ANSWER_MS };
}

/** A unary call as a promise, cancelled when `signal` aborts. Rejects with gRPC's status. */
export function unary<A>(start: (callback: requestCallback<A>) => ClientUnaryCall, signal?: AbortSignal): Promise<A> {
  return new Promise((resolve, reject) => {
    const cancel = () => call.cancel();
    const call = start((error, answer) => {
      signal?.removeEventListener('abort', cancel);
      if (error !== null) reject(error);
      else if (answer === undefined) reject(new Error('gRPC gave neither an answer nor an error'));
      else resolve(answer);
    });
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
  });
}
