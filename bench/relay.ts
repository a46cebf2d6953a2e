import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A line of some length between workers and coordinator. */
export interface Relay {
  readonly port: number;
  /** Bytes towards the target and back, each with the moment (ms) at which it passed. */
  readonly passed: { readonly up: Passage[]; readonly down: Passage[] };
  close(): Promise<void>;
}

export interface Passage {
  readonly at: number;
  readonly bytes: number;
}

/** @param delayMilliseconds one way; the round trip is twice that */
export async function startRelay(target: number, delayMilliseconds: number): Promise<Relay> {
  const passed: { up: Passage[]; down: Passage[] } = { up: [], down: [] };
  const open = new Set<Socket>();
  const carry = (from: Socket, to: Socket, book: Passage[]) => {
    // All of one direction waits equally long, so that order is kept. Flow control above bounds what waits.
    from.on('data', (chunk: Buffer) => {
      setTimeout(() => {
        book.push({ at: performance.now(), bytes: chunk.byteLength });
        if (!to.destroyed) to.write(chunk);
      }, delayMilliseconds);
    });
    from.on('end', () => setTimeout(() => to.end(), delayMilliseconds));
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    carry(near, far, passed.up);
    carry(far, near, passed.down);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {
        near.destroy();
        far.destroy();
      });
      socket.on('close', () => open.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return {
    port: address.port,
    passed,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
