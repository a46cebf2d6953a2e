import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A line between two ends that a test may cut. */
export interface Relay {
  readonly port: number;
  /** Connections taken so far. */
  readonly connections: number;
  /** Cuts every connection open now. */
  cut(): void;
  /** From now on the connections open now carry nothing, and neither end hears that the other has left. */
  freeze(): void;
  close(): Promise<void>;
}

/** @param target the port that it leads to, asked for at each connection */
export async function startRelay(target: () => number): Promise<Relay> {
  const open = new Set<Socket>();
  const frozen = new WeakSet<Socket>();
  let connections = 0;

  const server = createServer((near) => {
    connections += 1;
    const far = connect(target(), '127.0.0.1');
    const end = () => {
      near.destroy();
      far.destroy();
    };
    near.pipe(far);
    far.pipe(near);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        open.delete(socket);
        if (!frozen.has(socket)) end();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');

  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const freeze = () => {
    for (const socket of open) {
      frozen.add(socket);
      socket.unpipe();
      socket.pause();
    }
  };
  return {
    port: address.port,
    get connections() {
      return connections;
    },
    cut,
    freeze,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
