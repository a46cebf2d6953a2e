import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Server } from '@grpc/grpc-js';
import type { Log } from '../modules.ts';
import { http2ServersOf } from './http2Servers.ts';

export interface LobbyOptions {
  /** Connections at once on which nobody has logged in. */
  readonly most: number;
  /** Seconds that such a connection lasts, its TLS handshake included. */
  readonly seconds: number;
}

/** What may come on a connection before somebody logs in on it: a login takes about 3 KiB. */
const MOST_BYTES = 64 * 1024;

interface Stranger {
  readonly socket: Socket;
  readonly address: string;
  readonly timer: NodeJS.Timeout;
}

/**
 * Connections on which nobody has proved who they are. They are few, short-lived and take little in, so that any number
 * of them cannot fill the memory. When there are too many, the address with the most of them loses one; which, is left
 * to chance, so that a flood cannot choose the member that it keeps out.
 */
export class Lobby {
  private readonly options: LobbyOptions;
  private readonly log: Log;
  /** By peer. */
  private readonly strangers = new Map<string, Stranger>();

  constructor(options: LobbyOptions, log: Log) {
    this.options = options;
    this.log = log;
  }

  get size(): number {
    return this.strangers.size;
  }

  /** Every connection of this server begins here. */
  guard(server: Server): void {
    for (const http2 of http2ServersOf(server)) {
      http2.on('connection', (socket: Socket) => this.enter(socket));
      http2.on('session', (session) => this.watch(session));
    }
  }

  /** Somebody logged in on the connection of this peer, as gRPC names it. */
  leave(peer: string): void {
    const stranger = this.strangers.get(peer);
    if (stranger === undefined) return;
    clearTimeout(stranger.timer);
    this.strangers.delete(peer);
  }

  private enter(socket: Socket): void {
    const peer = peerOf(socket);
    if (peer === null) return;
    const late = () => this.cut(peer, `nobody logged in within ${this.options.seconds} s`);
    const timer = setTimeout(late, this.options.seconds * 1000);
    this.strangers.set(peer, { socket, timer, address: socket.remoteAddress ?? '' });
    socket.on('close', () => {
      if (this.strangers.get(peer)?.socket === socket) this.leave(peer);
    });
    if (this.strangers.size <= this.options.most) return;
    const crowd = this.largestCrowd();
    this.cut(crowd[Math.floor(Math.random() * crowd.length)] ?? peer, 'too many connections wait for a login');
  }

  private watch(session: ServerHttp2Session): void {
    const peer = peerOf(session.socket);
    if (peer === null) return;
    const check = () => {
      const stranger = this.strangers.get(peer);
      if (stranger === undefined || stranger.socket.bytesRead <= MOST_BYTES) return;
      this.cut(peer, `more than ${MOST_BYTES} bytes came before a login`);
    };
    session.on('stream', (stream) => {
      check();
      if (this.strangers.has(peer)) stream.on('data', check);
    });
  }

  private cut(peer: string, why: string): void {
    const stranger = this.strangers.get(peer);
    if (stranger === undefined) return;
    this.leave(peer);
    stranger.socket.destroy();
    this.log.debug({ peer, why }, 'connection cut');
  }

  /** Peers of the address that has the most. */
  private largestCrowd(): string[] {
    const crowds = new Map<string, string[]>();
    for (const [peer, { address }] of this.strangers) {
      const crowd = crowds.get(address);
      if (crowd === undefined) crowds.set(address, [peer]);
      else crowd.push(peer);
    }
    return [...crowds.values()].reduce((largest, crowd) => (crowd.length > largest.length ? crowd : largest), []);
  }
}

/** As gRPC spells it; null when the other end has left already. */
function peerOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string | null {
  return remoteAddress === undefined || remotePort === undefined ? null : `${remoteAddress}:${remotePort}`;
}
