import type { Socket } from 'node:net';
import { Server } from '@grpc/grpc-js';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { loadWire } from '../../proto/load.ts';
import { authenticator } from './authenticate.ts';
import { Bell } from './Bell.ts';
import type { FleetModules, HandlerModules } from './handlers.ts';
import { createHealth } from './health.ts';
import { http2ServersOf } from './http2Servers.ts';
import { interceptor, readable } from './interceptor.ts';
import { Lobby } from './Lobby.ts';
import { observeCalls } from './observe.ts';
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
  /** Seconds that a connection lasts on which nobody logs in. Default 30. */
  readonly loginSeconds?: number;
  /** Such connections at once. Default 512. */
  readonly maxStrangers?: number;
  /** Seconds between two messages of an upload after which it is given up. Default 60. */
  readonly stallSeconds?: number;
}

export interface Fleet {
  readonly port: number;
  /** Tasks may have changed: whoever watches looks at once. */
  notify(): void;
  /** What whoever asks for this server's health is told from now on; at first, and once it closes, that it does not serve. */
  healthy(serves: boolean): void;
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
  const { loginSeconds = 30, maxStrangers = 512 } = options;
  const lobby = new Lobby({ most: maxStrangers, seconds: loginSeconds }, modules.log);
  const health = createHealth();
  const observed = modules.calls === undefined ? [] : [observeCalls(modules.calls)];
  const server = new Server({
    interceptors: [...observed, interceptor],
    'grpc.max_receive_message_length': Math.max(LEAST_MESSAGE, options.maxChunkBytes + FRAME_BYTES),
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  });
  addServices(server, options, {
    ...modules,
    authenticate: authenticator({ ...modules, lobby }),
    bell,
    closing: closing.signal,
  });
  health.addTo(server);
  const { cert, key, host } = options;
  const credentials = new Tls13Credentials({ cert, key, windowBytes, maxConcurrentStreams: STREAMS_A_CONNECTION });
  const port = await bind(server, `${host.includes(':') ? `[${host}]` : host}:${options.port}`, credentials);
  openWindows(server, windowBytes);
  lobby.guard(server);
  const sockets = socketsOf(server);
  modules.log.info({ host, port }, 'workers may dial in');

  return {
    port,
    notify: () => bell.ring(),
    healthy: (serves) => health.set(serves),
    async close(graceSeconds = 10) {
      health.close();
      closing.abort();
      await shutDown(server, sockets, graceSeconds * 1000);
    },
  };
}

function addServices(server: Server, options: FleetOptions, modules: HandlerModules): void {
  const wire = loadWire();
  const { maxChunkBytes, sessionSeconds = 12 * 3600, pollMilliseconds = 1000, stallSeconds = 60 } = options;
  server.addService(readable(wire.SessionService.service), sessionHandlers({ ...options, sessionSeconds }, modules));
  server.addService(readable(wire.TaskService.service), taskHandlers({ pollMilliseconds }, modules));
  server.addService(readable(wire.TransferService.service), transferHandlers({ maxChunkBytes, stallSeconds }, modules));
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

/** The connections of a server that is bound, kept up to date. */
function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  for (const http2 of http2ServersOf(server)) {
    http2.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
  }
  return sockets;
}

function shutDown(server: Server, sockets: ReadonlySet<Socket>, graceMilliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = () => {
      server.forceShutdown();
      // A session that was already closing only ends its half, and its socket is no longer read: one whose other end
      // broke off meanwhile would stay open for ever (Node 22).
      for (const socket of sockets) socket.destroy();
    };
    const timer = setTimeout(cut, graceMilliseconds);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
