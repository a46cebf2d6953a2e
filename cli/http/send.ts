import { type IncomingMessage, request } from 'node:http';
import { connect as connectPlain, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import { isErrorCode, SyndicError } from '../../core/errors/SyndicError.ts';
import { sha256 } from '../../core/sha256.ts';
import type { Digest } from '../../core/values.ts';

/** Longer than the longest wait for events that the coordinator grants. */
const SILENCE_MILLISECONDS = 45_000;

export interface Line {
  readonly url: URL;
  readonly pin: Digest | undefined;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  /** Below the coordinator's address, such as `/api/v1/studies`. */
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * One request; resolves to the answer when its head is there and says success.
 *
 * @throws SyndicError COORDINATOR_UNAVAILABLE, PIN_MISMATCH, and whatever the coordinator answers with
 */
export async function send(line: Line, call: Call): Promise<IncomingMessage> {
  const socket = await open(line);
  const answer = await exchange(line, call, socket);
  if ((answer.statusCode ?? 500) < 400) return answer;
  throw problemOf(answer.statusCode ?? 500, await text(answer), line);
}

/** The same for an answer in JSON. */
export async function sendJson<T>(line: Line, call: Call, schema: z.ZodType<T>): Promise<T> {
  const answer = await send(line, call);
  const body = await text(answer).catch((cause: unknown) => Promise.reject(unavailable(line, cause)));
  try {
    return schema.parse(body === '' ? null : JSON.parse(body));
  } catch (cause) {
    throw new SyndicError(
      'VERSION_UNSUPPORTED',
      `${line.url.origin}${call.path} answers with something else than expected: are it and this of one version?`,
      {},
      { cause },
    );
  }
}

/** Connected, and with TLS verified: nothing is sent before that. */
async function open({ url, pin }: Line): Promise<Socket> {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (secure ? 443 : 80));
  const tls = { servername: /[a-z]/i.test(host) && !host.includes(':') ? host : '', minVersion: 'TLSv1.3' } as const;
  const socket = secure
    ? connectTls({ host, port, ...tls, rejectUnauthorized: pin === undefined })
    : connectPlain({ host, port });
  await new Promise<void>((resolve, reject) => {
    socket.once(secure ? 'secureConnect' : 'connect', resolve);
    socket.once('error', (cause) => reject(unavailable({ url, pin }, cause)));
    socket.setTimeout(SILENCE_MILLISECONDS, () => socket.destroy(new Error('no answer in time')));
  });
  if (pin !== undefined) checkPin(socket, pin, url);
  return socket;
}

function checkPin(socket: Socket, pin: Digest, url: URL): void {
  const key = 'getPeerX509Certificate' in socket ? peerKey(socket as TLSSocket) : null;
  if (key === pin) return;
  socket.destroy();
  const shown = key === null ? 'speaks no TLS' : `shows the key ${key}`;
  throw new SyndicError('PIN_MISMATCH', `${url.origin} ${shown}, not ${pin}: ask the operator by another way`, {
    pin,
    shown: key,
  });
}

/** SHA-256 of the SubjectPublicKeyInfo (RFC 7469, section 2.4). */
function peerKey(socket: TLSSocket): Digest | null {
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? null : sha256(certificate.publicKey.export({ type: 'spki', format: 'der' }));
}

function exchange(line: Line, { method, path, token, body, signal }: Call, socket: Socket): Promise<IncomingMessage> {
  const headers: Record<string, string> = { host: line.url.host, accept: 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  if (payload !== undefined) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = String(payload.byteLength);
  }
  return new Promise((resolve, reject) => {
    const outgoing = request({ method, path, headers, createConnection: () => socket, signal }, resolve);
    outgoing.once('error', (cause) => {
      reject(signal?.aborted === true ? cause : unavailable(line, cause));
    });
    outgoing.end(payload);
  });
}

const problem = z.object({
  code: z.string(),
  detail: z.string(),
  details: z.record(z.string(), z.unknown()).default({}),
});

function problemOf(status: number, body: string, line: Line): SyndicError {
  const parsed = problem.safeParse(jsonOrNull(body));
  if (parsed.success && isErrorCode(parsed.data.code)) {
    return new SyndicError(parsed.data.code, parsed.data.detail, parsed.data.details);
  }
  return new SyndicError(
    'COORDINATOR_UNAVAILABLE',
    `${line.url.origin} answers ${status}, and not as a coordinator does: check --url`,
    { status },
  );
}

function jsonOrNull(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function unavailable(line: Line, cause: unknown): SyndicError {
  const reason = cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : cause.name) : '';
  return new SyndicError(
    'COORDINATOR_UNAVAILABLE',
    `the coordinator at ${line.url.origin} does not answer (${reason}): check --url, and that it runs`,
    {},
    { cause },
  );
}
