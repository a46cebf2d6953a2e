import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { Metrics } from './port.ts';

export interface PrometheusMetrics extends Metrics {
  /** What a scrape is answered with. */
  page(): Promise<{ type: string; body: string }>;
}

const TRAINING_SECONDS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600];

export interface MetricsModules {
  /** Unix seconds. */
  readonly now: () => number;
  /** Whether the line to the coordinator is open. */
  readonly connected: () => boolean;
}

export function createMetrics({ now, connected }: MetricsModules): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const training = new Histogram({
    ...{ name: 'syndic_worker_training_seconds', help: 'Local training of a task.' },
    ...{ buckets: TRAINING_SECONDS, registers },
  });
  const sent = counter('syndic_worker_sent_bytes_total', 'Bytes of updates handed to the line.');
  const accepted = counter('syndic_worker_updates_accepted_total', 'Updates that got their receipt.');
  const refused = new Counter({
    ...{ name: 'syndic_worker_tasks_refused_total', help: 'Tasks that this site refused, or was refused, by code.' },
    ...{ labelNames: ['code'], registers },
  });
  const verdicts = new Counter({
    ...{ name: 'syndic_worker_verdicts_total', help: 'Records that this site checked, by what it says of them.' },
    ...{ labelNames: ['verdict'], registers },
  });
  // There from the start, so that the first dispute is an increase.
  for (const verdict of ['attested', 'disputed']) verdicts.inc({ verdict }, 0);
  const unanswered = new Gauge({
    ...{ name: 'syndic_worker_unanswered_rounds', registers },
    help: 'Recorded rounds of which the chain has no verdict of this site yet.',
  });
  new Gauge({
    ...{ name: 'syndic_worker_connected', registers },
    help: 'Whether the line to the coordinator is open, 1 or 0.',
    collect() {
      this.set(connected() ? 1 : 0);
    },
  });
  const contact = new Gauge({
    ...{ name: 'syndic_worker_last_contact_timestamp_seconds', registers },
    help: 'Unix time at which the coordinator was last heard, or the line was seen open; 0: not since the start.',
    collect() {
      // A line on which nothing is due is watched by gRPC's keepalive.
      if (connected()) this.set(now());
    },
  });
  return {
    trained: (seconds) => training.observe(seconds),
    sent: (bytes) => sent.inc(bytes),
    accepted: () => accepted.inc(),
    refused: (code) => refused.inc({ code }),
    judged: (verdict) => verdicts.inc({ verdict }),
    unanswered: (rounds) => unanswered.set(rounds),
    heard: () => contact.set(now()),
    page: async () => ({ type: registry.contentType, body: await registry.metrics() }),
  };
}
