import { Server } from '@grpc/grpc-js';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { loadWire } from '../../proto/load.ts';
import { authenticator } from './authenticate.ts';
import { Bell } from './Bell.ts';
import type { FleetModules, HandlerModules } from './handlers.ts';
import { type SessionOptions, sessionHandlers } from './sessionHandlers.ts';
import { taskHandlers } from './taskHandlers.ts';
import { Tls13Credentials } from './tls.ts';
import { transferHandlers } from './transferHandlers.ts';
import { openWindows } from './windows.ts';

export interface FleetOptions extends Omit<SessionOptions, 'sessionSeconds'> {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Certificate chain, leaf first, PEM. */
  readonly cert: string;
  /** Its private key, PEM. */
  readonly key: string;
  /** Seconds that a session lasts; a worker logs in again by itself. Default 12 hours. */
  readonly sessionSeconds?: number;
  /** HTTP/2 flow control window of streams and connections. Default 4 MiB; 16 MiB over distance. */
  readonly windowBytes?: number;
  /** Milliseconds between two looks for tasks when nobody calls `notify`. Default 1000. */
  readonly pollMilliseconds?: number;
}

export interface Fleet {
  readonly port: number;
  /** Tasks may have changed: whoever watches looks at once. */
  notify(): void;
  /** Ends watches at once, waits for transfers up to `graceSeconds` (default 10), then cuts them. */
  close(graceSeconds?: number): Promise<void>;
}

const KEEPALIVE_MS = 20_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
/** A message is one chunk and its frame; statement and report fit as well. */
const FRAME_BYTES = 64 * 1024;
const LEAST_MESSAGE = 4 * 1024 * 1024;
const STREAMS_A_CONNECTION = 100;

/** The gRPC listener that workers dial. TLS 1.3 only: the port speaks no plaintext. */
export async function createFleet(options: FleetOptions, modules: FleetModules): Promise<Fleet> {
  const { windowBytes = 4 * 1024 * 1024 } = options;
  const closing = new AbortController();
  const bell = new Bell();
  const server = new Server({
    'grpc.max_receive_message_length': Math.max(LEAST_MESSAGE, options.maxChunkBytes + FRAME_BYTES),
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  });
  addServices(server, options, {
    ...modules,
    authenticate: authenticator(modules),
    bell,
    closing: closing.signal,
  });
  const { cert, key, host } = options;
  const credentials = new Tls13Credentials({ cert, key, windowBytes, maxConcurrentStreams: STREAMS_A_CONNECTION });
  const port = await bind(server, `${host.includes(':') ? `[${host}]` : host}:${options.port}`, credentials);
  openWindows(server, windowBytes);
  modules.log.info({ host, port }, 'workers may dial in');

  return {
    port,
    notify: () => bell.ring(),
    async close(graceSeconds = 10) {
      closing.abort();
      await shutDown(server, graceSeconds * 1000);
    },
  };
}

function addServices(server: Server, options: FleetOptions, modules: HandlerModules): void {
  const wire = loadWire();
  const { maxChunkBytes, sessionSeconds = 12 * 3600, pollMilliseconds = 1000 } = options;
  server.addService(wire.SessionService.service, sessionHandlers({ ...options, sessionSeconds }, modules));
  server.addService(wire.TaskService.service, taskHandlers({ pollMilliseconds }, modules));
  server.addService(wire.TransferService.service, transferHandlers({ maxChunkBytes }, modules));
}

function bind(server: Server, address: string, credentials: Tls13Credentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else
        reject(
          new SyndicError('CONFIG_INVALID', `cannot listen on ${address}: ${error.message}`, {}, { cause: error }),
        );
    });
  });
}

function shutDown(server: Server, graceMilliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMilliseconds);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
