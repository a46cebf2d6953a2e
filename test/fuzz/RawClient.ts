import { Client, credentials, Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { CODE_KEY } from '../../proto/errors.ts';
import { SESSION_KEY } from '../../proto/versions.ts';
import type { AnyCall } from './wireArbitrary.ts';

/** What came of a call: `OK`, or the code that the coordinator named, or the bare gRPC status of one that named none. */
export type Answer = 'OK' | { readonly code: string } | { readonly bare: number; readonly details: string };

/** Sends bytes as messages, whatever they are. */
export class RawClient {
  readonly #client: Client;
  readonly #token: string;

  constructor(target: string, certificate: string, token: string) {
    const named = { 'grpc.ssl_target_name_override': 'coordinator.example' };
    this.#client = new Client(target, credentials.createSsl(Buffer.from(certificate)), named);
    this.#token = token;
  }

  send(call: AnyCall, messages: readonly Uint8Array[]): Promise<Answer> {
    const [first = Buffer.alloc(0)] = messages.map((message) => Buffer.from(message));
    const metadata = new Metadata();
    metadata.set(SESSION_KEY, this.#token);
    // Generous: a coordinator that never answers fails the test by its bare status.
    const options = { deadline: Date.now() + 60_000 };
    return new Promise((resolve) => {
      const done = (error: ServiceError | StatusObject | null) => resolve(answerOf(error));
      if (call.responseStream) {
        const stream = this.#client.makeServerStreamRequest(call.path, raw, raw, first, metadata, options);
        stream.on('error', done);
        stream.on('end', () => done(null));
        stream.on('data', () => undefined);
        // A watch is accepted by its first metadata, and then has no end.
        if (call.method === 'Watch') stream.on('metadata', () => stream.cancel());
      } else if (call.requestStream) {
        const stream = this.#client.makeClientStreamRequest(call.path, raw, raw, metadata, options, done);
        stream.on('error', () => undefined);
        for (const message of messages) stream.write(Buffer.from(message));
        stream.end();
      } else this.#client.makeUnaryRequest(call.path, raw, raw, first, metadata, options, done);
    });
  }

  close(): void {
    this.#client.close();
  }
}

const CANCELLED = 1;

function answerOf(error: ServiceError | StatusObject | null): Answer {
  if (error === null) return 'OK';
  const [code] = error.metadata.get(CODE_KEY);
  if (typeof code === 'string') return { code };
  return error.code === CANCELLED ? 'OK' : { bare: error.code, details: error.details };
}

function raw(bytes: Buffer): Buffer {
  return bytes;
}
