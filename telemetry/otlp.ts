import { type Attributes, ROOT_CONTEXT, type SpanContext, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { toSyndicError } from '../core/errors/SyndicError.ts';
import type { Place, Traces } from './port.ts';
import { spanIdOf, traceIdOf } from './traceIds.ts';

export interface OtlpOptions {
  /** Such as `syndic-coordinator`. */
  readonly service: string;
  /** Of an OTLP collector over HTTP; `/v1/traces` is appended. */
  readonly endpoint: string;
  /** Milliseconds between two batches. Default 2000. */
  readonly batchMilliseconds?: number;
}

interface WarnLog {
  warn(facts: object, message: string): void;
}

/** Spans that wait for the collector; what comes beyond is dropped, not waited for. */
const MOST_WAITING = 2048;
/** A collector that does not answer by then does not get the batch; closing waits for one such, and no longer. */
const EXPORT_MS = 4_000;
const CLOSE_MS = 5_000;

/** Traces over OTLP. Whatever happens to the collector, the process goes on as if it were not there. */
export function createTraces(options: OtlpOptions, { log }: { readonly log: WarnLog }): Traces {
  const { service, endpoint, batchMilliseconds = 2000 } = options;
  const ids = new PlacedIds();
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = telling(new OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS }), log);
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MOST_WAITING,
    scheduledDelayMillis: batchMilliseconds,
    exportTimeoutMillis: EXPORT_MS,
  });
  const provider = new TracerProvider({
    idGenerator: ids,
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('syndic');

  function start(name: string, place: Place, startTime?: number) {
    return tracer.startSpan(name, { attributes: attributesOf(place), ...timed(startTime) }, under(place));
  }

  function end(span: ReturnType<typeof start>, code?: string): void {
    if (code !== undefined) {
      span.setAttribute('syndic.code', code);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  }

  return {
    async span(name, place, work, kept = () => true) {
      const span = start(name, place);
      try {
        const result = await work();
        // One that is never ended is never sent.
        if (kept(result)) end(span);
        return result;
      } catch (error) {
        // The code alone: a message may quote what a site holds.
        end(span, toSyndicError(error).code);
        throw error;
      }
    },

    past: (name, place, startTime, code) => end(start(name, place, startTime), code),

    whole(name, place, startTime, code) {
      const { slot, ...round } = place;
      const parent = slot === undefined ? ROOT_CONTEXT : under(round);
      const settings = { attributes: attributesOf(place), ...timed(startTime) };
      end(
        ids.as(place, () => tracer.startSpan(name, settings, parent)),
        code,
      );
    },

    async close() {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_MS);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), patience]);
      clearTimeout(timer);
    },
  };
}

/** Random ids, but for spans whose place says what theirs is. */
class PlacedIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #place: Place | null = null;

  generateTraceId(): string {
    return this.#place === null ? this.#random.generateTraceId() : traceIdOf(this.#place);
  }

  generateSpanId(): string {
    return this.#place === null ? this.#random.generateSpanId() : spanIdOf(this.#place);
  }

  /** What `make` starts, before it returns, has the ids of `place`. */
  as<T>(place: Place, make: () => T): T {
    this.#place = place;
    try {
      return make();
    } finally {
      this.#place = null;
    }
  }
}

/** The context whose span is the one of `place`, which may be another process's, or not over yet. */
function under(place: Place) {
  const parent: SpanContext = {
    traceId: traceIdOf(place),
    spanId: spanIdOf(place),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  };
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** What stands on chain anyway. */
function attributesOf({ study, round, slot }: Place): Attributes {
  return { 'syndic.study': study, 'syndic.round': round, ...(slot === undefined ? {} : { 'syndic.slot': slot }) };
}

/** As a date: a number from before this process started would be taken for one of its own clock. */
function timed(startTime: number | undefined) {
  return startTime === undefined ? {} : { startTime: new Date(startTime) };
}

/** The first failure of a row goes to the log: a collector that is away for an hour is one thing that happened. */
function telling(exporter: SpanExporter, log: WarnLog): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined;
        if (failed && !failing) log.warn({ error: String(result.error) }, 'spans could not be sent and are lost');
        failing = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush === undefined ? {} : { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() }),
  };
}
