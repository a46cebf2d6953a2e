import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A line to a server that stops carrying what is sent after so many bytes, until it is opened. */
export interface Gate {
  readonly port: number;
  /** Whether something is held back. */
  readonly holding: boolean;
  open(): void;
  close(): Promise<void>;
}

/** @param bytes that pass towards the server, over all connections, before the gate shuts */
export async function startGate(target: number, bytes: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  const held = new Set<Socket>();
  let left = bytes;

  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    far.pipe(near);
    near.on('data', (chunk: Buffer) => {
      left -= chunk.byteLength;
      far.write(chunk);
      if (left > 0) return;
      near.pause();
      held.add(near);
    });
    near.on('end', () => far.end());
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gate has no port');

  return {
    port: address.port,
    get holding() {
      return held.size > 0;
    },
    open() {
      left = Number.POSITIVE_INFINITY;
      for (const socket of held) socket.resume();
      held.clear();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
