import { createApp } from './app.ts';
import type { HttpModules, HttpOptions } from './options.ts';

export interface HttpServer {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Takes no more requests, lets those under way end, for a while. */
  close(): Promise<void>;
}

const CLOSE_MILLISECONDS = 10_000;

/** The coordinator's REST interface: `/healthz`, `/readyz`, and under `/api/v1` what needs a session. */
export async function createHttp(options: HttpOptions, modules: HttpModules): Promise<HttpServer> {
  const closing = new AbortController();
  const { app } = await createApp(options, modules, closing.signal);
  const url = await app.listen({ host: options.host, port: options.port });
  return {
    url,
    async close() {
      closing.abort();
      // Whoever downloads slowly, or reads nothing at all, must not keep the process from stopping.
      const patience = setTimeout(() => app.server.closeAllConnections(), CLOSE_MILLISECONDS);
      await app.close();
      clearTimeout(patience);
    },
  };
}
