import { ServerInterceptingCall, type ServerInterceptor, type ServiceDefinition } from '@grpc/grpc-js';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { toGrpcError } from '../../proto/errors.ts';

/** Metadata entry, set by the server itself, with the peer that a call came from. */
export const PEER_KEY = 'syndic-peer';

/** In place of a message whose bytes are none of the method's type. */
export class Unreadable {
  readonly error: SyndicError;

  constructor(why: string, cause?: unknown) {
    const message = `the message is not what this method takes: ${why}; speak syndic.v1`;
    this.error = new SyndicError('DOCUMENT_INVALID', message, {}, { cause });
  }
}

/**
 * The service, whose malformed requests reach `interceptor`: grpc-js alone would call them a fault of the server's. Text
 * with a NUL is malformed too: it names nothing, and a database cannot store it.
 */
export function readable<S extends ServiceDefinition>(service: S): S {
  const methods = Object.entries(service).map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer): unknown => {
      try {
        const message: unknown = method.requestDeserialize(bytes);
        return hasNul(message) ? new Unreadable('a text in it has a NUL') : message;
      } catch (cause) {
        return new Unreadable('its bytes do not decode', cause);
      }
    };
    return [name, { ...method, requestDeserialize }];
  });
  return Object.fromEntries(methods) as S;
}

function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.values(value).some(hasNul);
}

/** What every call passes before its handler: who sent it is noted, and what cannot be read is refused. */
export const interceptor: ServerInterceptor = (_method, call) => {
  const intercepted: ServerInterceptingCall = new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata(metadata, pass) {
          metadata.set(PEER_KEY, call.getPeer());
          pass(metadata);
        },
        onReceiveMessage(message, pass) {
          if (message instanceof Unreadable) intercepted.sendStatus(toGrpcError(message.error));
          else pass(message);
        },
      }),
  });
  return intercepted;
};
