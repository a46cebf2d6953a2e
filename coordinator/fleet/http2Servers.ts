import type { Http2SecureServer } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/**
 * The HTTP/2 servers under a gRPC server that is bound. grpc-js 1.14 has no option for what is set there, and its
 * `http2Servers` is private: the version is pinned, and what is missing here is an error rather than a slow or open
 * coordinator.
 */
export function http2ServersOf(server: Server): Http2SecureServer[] {
  const servers: unknown = Reflect.get(server, 'http2Servers');
  if (!(servers instanceof Map) || servers.size === 0) {
    throw new Error('this version of @grpc/grpc-js keeps its HTTP/2 servers elsewhere: pin the version that is tested');
  }
  return [...servers.keys()].map((http2) => {
    if (isHttp2Server(http2)) return http2;
    throw new Error('this version of @grpc/grpc-js keeps no HTTP/2 server in http2Servers');
  });
}

function isHttp2Server(value: unknown): value is Http2SecureServer {
  return typeof value === 'object' && value !== null && 'on' in value && typeof value.on === 'function';
}
