import { type Listener, listen } from '../telemetry/listener.ts';
import { noTraces } from '../telemetry/noTraces.ts';
import { createTraces } from '../telemetry/otlp.ts';
import type { Traces } from '../telemetry/port.ts';
import type { CoordinatorConfig } from './config.ts';
import type { PrometheusMetrics } from './metrics/prometheus.ts';
import type { Log } from './modules.ts';

/** Spans, for a collector that is named; else none. */
export function tracesOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: CoordinatorConfig, log: Log): Traces {
  return endpoint === undefined ? noTraces : createTraces({ service: 'syndic-coordinator', endpoint }, { log });
}

/** `/metrics` on an address of its own, if one is given: what it tells is no secret, but for the operator's eyes. */
export async function serveMetrics(config: CoordinatorConfig, metrics: PrometheusMetrics): Promise<Listener | null> {
  const { METRICS_HOST: host, METRICS_PORT: port } = config;
  return port === undefined ? null : await listen({ host, port }, { '/metrics': () => metrics.page() });
}
