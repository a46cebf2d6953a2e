import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileName } from '../../core/values.ts';
import { attestedOf } from '../../embedded/attested.ts';
import { spanIdOf, traceIdOf } from '../../telemetry/traceIds.ts';
import { type StudyRun, TestConsortium } from '../support/consortium.ts';
import { type Samples, scrape } from '../support/scrape.ts';
import { type SpanCollector, startSpanCollector } from '../support/spanCollector.ts';
import { until } from '../support/until.ts';

// On a machine that is busy with other tests.
const ROUNDS = 2;
const HOSPITALS = 2;

let box: TestConsortium | undefined;
let collector: SpanCollector | undefined;
let run: StudyRun;

beforeAll(async () => {
  collector = await startSpanCollector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  box = await TestConsortium.start({
    hospitals: HOSPITALS,
    coordinatorEnv: env,
    workerEnv: { ...env, METRICS_PORT: '0', BACKEND: 'cpu' },
  });
  run = await box.runStudy(await box.writePlan({ rounds: ROUNDS, quorum: HOSPITALS, startAt: HOSPITALS }));
  const { rounds } = await attestedOf(box.consortium, run.study, run.history.rounds, 240);
  expect([...rounds.values()]).toEqual(Array(ROUNDS).fill(HOSPITALS));
});

afterAll(async () => {
  await box?.close();
  await collector?.close();
});

/** Where a process said that its metrics are when it started for the `n`-th time: its last word before it is ready. */
async function metricsOf(log: string, n = 1): Promise<string> {
  if (box === undefined) throw new Error('there is no consortium');
  const file = join(box.dir, 'logs', log);
  const ready = async () => (await readFile(file, 'utf8')).split('\n').filter((line) => /"\w+ ready"\}$/.test(line));
  await until(async () => (await ready()).length >= n);
  return String(JSON.parse((await ready())[n - 1] ?? '{}').metrics);
}

/** The updates that the chain names, and how large their files are. */
async function recordedBytes(): Promise<number> {
  const { modelsDir } = (box as TestConsortium).consortium;
  const updates = run.history.rounds.flatMap(({ entries }) => entries.map(({ update }) => update));
  const sizes = await Promise.all(updates.map(async (update) => (await stat(join(modelsDir, fileName(update)))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe('metrics after a study', () => {
  let samples: Samples;
  beforeAll(async () => {
    const url = await metricsOf('coordinator.log');
    // What members said stands in a block; that the block is final, the outbox sees a little later.
    await until(async () => (await scrape(url)).get('syndic_outbox_oldest_age_seconds') === 0);
    samples = await scrape(url);
  });

  test('count the rounds that the chain has, by outcome, each with its duration', () => {
    expect(run.history.rounds).toHaveLength(ROUNDS);
    expect(samples.get('syndic_rounds_anchored_total{outcome="completed"}')).toBe(ROUNDS);
    expect(samples.get('syndic_rounds_anchored_total{outcome="failed"}')).toBe(0);
    expect(samples.get('syndic_round_seconds_count{outcome="completed"}')).toBe(ROUNDS);
    expect(samples.get('syndic_studies{state="closed"}')).toBe(1);
    expect(samples.get('syndic_aggregation_seconds_count{result="done"}')).toBe(ROUNDS);
  });

  test('count the bytes of the updates that the chain names, and leave nothing in the outbox', async () => {
    expect(samples.get('syndic_accepted_bytes_total')).toBe(await recordedBytes());
    expect(samples.get('syndic_updates_accepted_total')).toBe(ROUNDS * HOSPITALS);
    expect(samples.get('syndic_received_bytes_total')).toBe(await recordedBytes());
    for (const state of ['pending', 'signed', 'sent', 'mined', 'refused']) {
      expect([state, samples.get(`syndic_outbox_messages{state="${state}"}`)]).toEqual([state, 0]);
    }
    expect(samples.get('syndic_outbox_oldest_age_seconds')).toBe(0);
    expect(samples.get('syndic_leases{state="live"}')).toBe(0);
    expect(samples.get('syndic_sessions{role="worker"}')).toBe(HOSPITALS);
  });

  test('tell of event loop, store and members, and nothing that is a secret or a digest', async () => {
    expect(samples.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    expect(samples.get('syndic_store_bytes')).toBeGreaterThan(await recordedBytes());
    expect(samples.get('syndic_member_last_seen_timestamp_seconds{slot="1"}')).toBeGreaterThan(1.7e9);
    expect([...samples.keys()].filter((name) => /0x[0-9a-f]{8}/.test(name))).toEqual([]);
    // Members reach the other port, and find none of it there.
    expect((await fetch(`${(box as TestConsortium).consortium.httpUrl}/metrics`)).status).toBe(404);
  });

  test("a worker's own count its rounds, its bytes and its line to the coordinator", async () => {
    const [member] = (box as TestConsortium).consortium.members;
    const url = await metricsOf(`worker-${member?.site.name}.log`);
    const worker = await scrape(url);
    expect(worker.get('syndic_worker_training_seconds_count')).toBe(ROUNDS);
    expect(worker.get('syndic_worker_updates_accepted_total')).toBe(ROUNDS);
    expect(worker.get('syndic_worker_sent_bytes_total')).toBe((await recordedBytes()) / HOSPITALS);
    expect(worker.get('syndic_worker_last_contact_timestamp_seconds')).toBeGreaterThan(1.7e9);
    expect(worker.get('syndic_worker_connected')).toBe(1);
    expect(worker.get('syndic_worker_verdicts_total{verdict="attested"}')).toBe(ROUNDS);
    expect(worker.get('syndic_worker_verdicts_total{verdict="disputed"}')).toBe(0);
    expect(worker.get('syndic_worker_unanswered_rounds')).toBeLessThanOrEqual(1);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe('the trace of a round', () => {
  const WAY = [
    ...['train', 'sign', 'upload', 'receive', 'receipt'],
    ...['aggregate', 'record', 'sign transaction', 'send transaction', 'see it mined', 'see it final', 'anchor'],
  ];

  test('follows one update from its worker through intake, aggregation and record to its anchor, in this order', async () => {
    const place = { study: run.study, round: 2, slot: 1 };
    const ofRound = () => (collector?.spans ?? []).filter(({ traceId }) => traceId === traceIdOf(place));
    const mine = () => ofRound().filter(({ attributes }) => [1, undefined].includes(attributes['syndic.slot'] as 1));
    const named = (name: string) => mine().find((span) => span.name === name);
    await until(() => [...WAY, 'update', 'round'].every((name) => named(name) !== undefined));
    const way = WAY.map((name) => named(name));
    const starts = way.map((span) => span?.start ?? 0n);
    expect(starts).toEqual(starts.toSorted((a, b) => (a < b ? -1 : Number(a > b))));
    const services = Object.fromEntries(way.map((span) => [span?.name, span?.service]));
    expect(services).toMatchObject({ train: 'syndic-worker', upload: 'syndic-worker', receive: 'syndic-coordinator' });
    const update = named('update');
    for (const name of ['train', 'sign', 'upload', 'receive', 'receipt']) {
      expect([name, named(name)?.parentSpanId]).toEqual([name, update?.spanId]);
    }
    const round = named('round');
    expect([update?.spanId, round?.spanId]).toEqual([spanIdOf(place), spanIdOf({ study: run.study, round: 2 })]);
    expect([update?.parentSpanId, round?.parentSpanId]).toEqual([round?.spanId, undefined]);
    for (const name of ['aggregate', 'record', 'see it final', 'anchor']) {
      expect([name, named(name)?.parentSpanId]).toEqual([name, round?.spanId]);
    }
  });

  test('names study, round, slot and code, and nothing else', () => {
    const names = new Set((collector?.spans ?? []).flatMap(({ attributes }) => Object.keys(attributes)));
    expect([...names].filter((name) => !/^syndic\.(study|round|slot|code)$/.test(name))).toEqual([]);
    const byTrace = new Set((collector?.spans ?? []).map(({ traceId }) => traceId));
    expect(byTrace.size).toBe(ROUNDS);
  });
});

test('a coordinator that starts again says the same of what the database knows, and counts anew what it does not', async () => {
  const samples = await scrape(await metricsOf('coordinator.log'));
  await (box as TestConsortium).stopCoordinator();
  await (box as TestConsortium).startCoordinator();
  const after = await scrape(await metricsOf('coordinator.log', 2));
  const stored = (of: Samples) => [...of].filter(([name]) => /^syndic_(rounds?_|studies|accepted|updates)/.test(name));
  expect(stored(after).filter(([name]) => name.startsWith('syndic_round_seconds')).length).toBeGreaterThan(0);
  expect(stored(after)).toEqual(stored(samples));
  expect(after.get('syndic_received_bytes_total')).toBe(0);
});
