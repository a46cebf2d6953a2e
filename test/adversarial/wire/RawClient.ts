import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';

/** How a call ended. */
export interface RawAnswer {
  /** HTTP's; null when the stream was reset before it said anything. */
  readonly http: number | null;
  /** gRPC's. */
  readonly status: number | null;
  /** Ours, from the trailers. */
  readonly code: string | null;
  readonly text: string;
  /** Messages that came, without their prefixes. */
  readonly messages: readonly Buffer[];
}

/** gRPC by hand over HTTP/2: says whatever it is told to say, well-formed or not. */
export class RawClient {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on('error', () => undefined);
  }

  static async connect(port: number): Promise<RawClient> {
    // Whoever attacks does not look at the certificate.
    const client = new RawClient(connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false }));
    await once(client.session, 'connect');
    return client;
  }

  /** @param method such as `TransferService/Upload` */
  call(method: string, token: string | null = null, more: OutgoingHttpHeaders = {}): RawCall {
    const headers = {
      ':method': 'POST',
      ':path': `/syndic.v1.${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(token === null ? {} : { 'syndic-session': token }),
      ...more,
    };
    return new RawCall(this.session.request(headers, { endStream: false }));
  }

  /** One message up, and how the call ended. */
  async unary(method: string, request: Uint8Array, token: string | null = null): Promise<RawAnswer> {
    const call = this.call(method, token);
    await call.send(frame(request));
    call.end();
    return await call.over;
  }

  close(): void {
    this.session.destroy();
  }
}

export class RawCall {
  /** Resolves when the server has said how the call ended, or the stream is gone. */
  readonly over: Promise<RawAnswer>;
  private readonly stream: ClientHttp2Stream;

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream;
    this.over = answerOf(stream);
  }

  /** Bytes as they are: see `frame`. Resolves once they are on the line, or never will be. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.stream.destroyed || this.stream.closed) resolve();
      else this.stream.write(bytes, () => resolve());
    });
  }

  end(): void {
    this.stream.end();
  }

  reset(): void {
    this.stream.close(constants.NGHTTP2_CANCEL);
  }
}

/** A message with gRPC's prefix, or with another one. */
export function frame(message: Uint8Array, { flag = 0, length = message.byteLength } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let response: IncomingHttpHeaders = {};
    const over = (trailers: IncomingHttpHeaders) => {
      const all = { ...response, ...trailers };
      resolve({
        http: Number(all[':status'] ?? 0) || null,
        status: all['grpc-status'] === undefined ? null : Number(all['grpc-status']),
        code: typeof all['syndic-code'] === 'string' ? all['syndic-code'] : null,
        text: decodeURI(String(all['grpc-message'] ?? '')),
        messages: messagesOf(Buffer.concat(parts)),
      });
    };
    stream.on('response', (headers) => {
      response = headers;
      if (headers['grpc-status'] !== undefined) over({});
    });
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('trailers', over);
    stream.on('error', () => undefined);
    stream.on('close', () => over({}));
  });
}

function messagesOf(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.byteLength; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return messages;
}
