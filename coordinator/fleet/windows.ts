import type { Server } from '@grpc/grpc-js';

interface Http2Sessions {
  on(event: 'session', listener: (session: { setLocalWindowSize(bytes: number): void }) => void): unknown;
}

/**
 * Opens the connection's flow control window. grpc-js 1.14 has no option for it on the server: with the default of
 * 64 KiB an upload over 30 ms crawls at about 2 MB/s whatever the bandwidth. Its `http2Servers` is private, so the
 * version is pinned, and what is missing here is an error rather than a slow coordinator.
 */
export function openWindows(server: Server, bytes: number): void {
  const servers: unknown = Reflect.get(server, 'http2Servers');
  if (!(servers instanceof Map) || servers.size === 0) {
    throw new Error('this version of @grpc/grpc-js keeps its HTTP/2 servers elsewhere: pin the version that is tested');
  }
  for (const http2 of servers.keys()) {
    if (!isHttp2Server(http2)) throw new Error('this version of @grpc/grpc-js keeps no HTTP/2 server in http2Servers');
    http2.on('session', (session) => session.setLocalWindowSize(bytes));
  }
}

function isHttp2Server(value: unknown): value is Http2Sessions {
  return typeof value === 'object' && value !== null && 'on' in value && typeof value.on === 'function';
}
