import { type Server, type ServerWritableStream, status } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** Health as `grpc.health.v1` has it: https://github.com/grpc/grpc/blob/master/doc/health-checking.md. */
export interface Health {
  addTo(server: Pick<Server, 'addService'>): void;
  set(serves: boolean): void;
  /** Says for good that nothing is served, and ends every watch. */
  close(): void;
}

/** A load balancer or two, and a person who looks; it needs no login, so that there must be a bound. */
const MOST_WATCHES = 32;
/** The server as a whole, and by name what workers call. */
const SERVICES = ['', 'syndic.v1.SessionService', 'syndic.v1.TaskService', 'syndic.v1.TransferService'];

type WatchCall = ServerWritableStream<{ service: string }, { status: string }>;

/** An answer costs nothing but itself: the state is what was last set, and nobody is asked for it. */
export function createHealth(): Health {
  const health = new HealthImplementation(Object.fromEntries(SERVICES.map((name) => [name, 'NOT_SERVING'])));
  const watches = new Set<WatchCall>();
  let closed = false;

  const setAll = (serves: boolean) => {
    for (const name of SERVICES) health.setStatus(name, serves ? 'SERVING' : 'NOT_SERVING');
  };

  /** The library's own keeps every watch, and every name that somebody thought of, without a bound. */
  function bounded(watch: (call: WatchCall) => void) {
    return (call: WatchCall) => {
      if (!SERVICES.includes(call.request.service)) {
        // The protocol's word for it; no service is added later, so that there is nothing to wait for.
        call.write({ status: 'SERVICE_UNKNOWN' });
        call.end();
        return;
      }
      if (closed || watches.size >= MOST_WATCHES) {
        const details = 'too many watch this server: ask with Check instead';
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details });
        return;
      }
      watches.add(call);
      call.on('cancelled', () => watches.delete(call));
      watch(call);
    };
  }

  return {
    addTo: (server) =>
      health.addToServer({
        addService: (service, handlers) =>
          server.addService(service, { ...handlers, watch: bounded(handlers.watch as (call: WatchCall) => void) }),
      }),
    set: (serves) => setAll(serves && !closed),
    close() {
      closed = true;
      setAll(false);
      for (const call of watches) call.end();
      watches.clear();
    },
  };
}
