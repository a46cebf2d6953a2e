import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { CHAIN_TROUBLES } from '../chain/port.ts';
import type { Database } from '../db/connect.ts';
import type { Clock, Log } from '../modules.ts';
import type { Metrics } from './port.ts';
import { readState } from './state.sql.ts';
import { stateMetrics } from './stateMetrics.ts';

export interface MetricsOptions {
  /** Bytes that the store may take; null: no bound. */
  readonly storeLimit: number | null;
}

export interface MetricsModules {
  readonly db: Database;
  /** Bytes that the store holds. */
  /** null: nobody counts them, and the metric has no value. */
  readonly storeBytes: () => number | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds after which the database's part is left out of an answer. Default 5000. */
  readonly patience?: number;
}

export interface PrometheusMetrics extends Metrics {
  /** What a scrape is answered with. */
  page(): Promise<{ type: string; body: string }>;
}

const CALL_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600];
const WORK_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600];

/** The metrics in Prometheus' text format, besides what the client library says of every Node process. */
export function createMetrics(options: MetricsOptions, modules: MetricsModules): PrometheusMetrics {
  const { db, clock, log, storeBytes, patience = 5000 } = modules;
  const own = new Registry();
  const stored = new Registry();
  collectDefaultMetrics({ register: own });
  const registers = [own];
  const counter = <L extends string = never>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers });
  const timer = <L extends string = never>(name: string, help: string, buckets: number[], ...labelNames: L[]) =>
    new Histogram({ name, help, buckets, labelNames, registers });
  const calls = timer(
    'syndic_grpc_call_seconds',
    'Calls of workers, by method; a watch lasts.',
    CALL_SECONDS,
    'method',
  );
  const refusals = counter('syndic_refusals_total', 'Calls of workers that were refused.', 'method', 'code');
  const received = counter(
    'syndic_received_bytes_total',
    'Bytes of updates taken from members, whatever becomes of them.',
  );
  const sent = counter('syndic_sent_bytes_total', 'Bytes of models and plans handed to members.');
  const declined = counter('syndic_tasks_refused_total', 'Tasks that a worker refused, by its reason.', 'code');
  const requests = timer(
    ...(['syndic_http_request_seconds', 'Requests of people, by route and status.', CALL_SECONDS] as const),
    ...(['method', 'route', 'status'] as const),
  );
  const aggregations = timer('syndic_aggregation_seconds', 'Aggregations, by result.', WORK_SECONDS, 'result');
  const advances = timer('syndic_advance_seconds', 'Runs of advance(study), by result.', WORK_SECONDS, 'result');
  const seen = new Gauge({
    ...{ name: 'syndic_member_last_seen_timestamp_seconds', labelNames: ['slot'], registers },
    help: 'Unix time at which a member, logged in and watching, was last seen by this process.',
  });
  const trouble = new Gauge({
    ...{ name: 'syndic_chain_trouble', labelNames: ['kind'], registers },
    help: 'Whether something keeps this process from the chain, as of the last time that it had something to say there.',
  });
  for (const kind of CHAIN_TROUBLES) trouble.set({ kind }, 0);
  new Gauge({
    ...{ name: 'syndic_store_bytes', help: 'Bytes that the store holds.', registers },
    collect() {
      const bytes = storeBytes();
      if (bytes !== null) this.set(bytes);
    },
  });
  if (options.storeLimit !== null) {
    const help = 'Bytes that the store may hold (--max-store).';
    new Gauge({ name: 'syndic_store_limit_bytes', help, registers }).set(options.storeLimit);
  }
  const up = new Gauge({
    ...{ name: 'syndic_database_up', registers },
    help: 'Whether the database answered this scrape: 0, and what it knows is left out.',
  });
  const showState = stateMetrics(stored);
  let reading: Promise<void> | null = null;

  /** However many ask: the database is asked once at a time. */
  function read(): Promise<void> {
    reading ??= readState(db, clock.now())
      .then(showState)
      .finally(() => {
        reading = null;
      });
    return reading;
  }

  async function readInTime(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
    });
    try {
      await Promise.race([read(), late]);
      return true;
    } catch (error) {
      log.warn({ error: String(error) }, 'the database gave no metrics');
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    callEnded(method, code, seconds) {
      calls.observe({ method }, seconds);
      if (code !== null) refusals.inc({ method, code });
    },
    received: (bytes) => received.inc(bytes),
    sent: (bytes) => sent.inc(bytes),
    taskRefused: (code) => declined.inc({ code }),
    seen: (slot) => seen.set({ slot: String(slot) }, clock.now()),
    requestAnswered: (method, route, status, seconds) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    chainTrouble: (kind, there) => trouble.set({ kind }, there ? 1 : 0),
    aggregated: (seconds, failed) => aggregations.observe({ result: resultOf(failed) }, seconds),
    advanced: (seconds, failed) => advances.observe({ result: resultOf(failed) }, seconds),

    async page() {
      const answered = await readInTime();
      up.set(answered ? 1 : 0);
      const body = `${await own.metrics()}${answered ? `\n${await stored.metrics()}` : ''}`;
      return { type: own.contentType, body };
    },
  };
}

function resultOf(failed: boolean): string {
  return failed ? 'failed' : 'done';
}
