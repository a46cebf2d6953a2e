import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Database } from '../../../../coordinator/db/connect.ts';
import { connect } from '../../../../coordinator/db/connect.ts';
import {
  meteredAggregator,
  meteredFiles,
  meteredIntake,
  meteredStudies,
} from '../../../../coordinator/metrics/metered.ts';
import { createMetrics, type PrometheusMetrics } from '../../../../coordinator/metrics/prometheus.ts';
import { createFilesystemStore } from '../../../../coordinator/models/filesystem.ts';
import type { ModelStore } from '../../../../coordinator/models/port.ts';
import { SyndicError } from '../../../../core/errors/SyndicError.ts';
import { instant, slot } from '../../../../core/values.ts';
import { testDatabase } from '../../../support/database.ts';
import { FakeStudies } from '../../../support/fakeStudies.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { readPromql } from '../../../support/promql.ts';
import { parseSamples, type Samples } from '../../../support/scrape.ts';
import { silentLog } from '../../../support/silentLog.ts';
import { DEADLINE, ROUND, randomDigest, T0, TestConsortium } from '../../../support/testConsortium.ts';

// On a machine that is busy with other tests.
let postgres: TestPostgres;
let dir: string;

beforeAll(async () => {
  postgres = await startPostgres();
  dir = await mkdtemp(join(tmpdir(), 'syndic-metrics-'));
});
afterAll(async () => {
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('metrics', () => {
  let db: Database;
  let models: ModelStore;
  let consortium: TestConsortium;
  let metrics: PrometheusMetrics;

  beforeEach(async () => {
    models = await createFilesystemStore({ dir: await mkdtemp(join(dir, 'store-')) });
    db = await testDatabase(postgres);
    consortium = new TestConsortium();
    await consortium.seed(db, models);
    metrics = another();
  });
  afterEach(async () => await db.destroy());

  function another(): PrometheusMetrics {
    const { clock } = consortium;
    return createMetrics({ storeLimit: 1e9 }, { db, storeBytes: () => models.heldBytes, clock, log: silentLog });
  }

  const read = async (of = metrics): Promise<Samples> => parseSamples((await of.page()).body);

  test('say where studies, rounds, tasks and leases stand, as the database has it', async () => {
    const samples = await read();
    expect(samples.get('syndic_database_up')).toBe(1);
    expect(samples.get('syndic_studies{state="running"}')).toBe(1);
    expect(samples.get('syndic_studies{state="closed"}')).toBe(0);
    expect(samples.get('syndic_rounds{state="collecting"}')).toBe(1);
    expect(samples.get('syndic_tasks{state="leased"}')).toBe(2);
    expect(samples.get('syndic_leases{state="live"}')).toBe(2);
    expect(samples.get('syndic_member_open_tasks{slot="1"}')).toBe(1);
    expect(samples.get('syndic_round_overdue_seconds')).toBe(0);
    expect(samples.get('syndic_outbox_oldest_age_seconds')).toBe(0);
    expect(samples.get('syndic_rounds_anchored_total{outcome="completed"}')).toBe(0);
    expect(samples.get('syndic_store_limit_bytes')).toBe(1e9);
    expect(samples.get('syndic_store_bytes')).toBe(models.heldBytes);
    expect(models.heldBytes).toBeGreaterThan(0);
    expect([...samples.keys()].some((name) => name.startsWith('nodejs_eventloop_lag'))).toBe(true);
  });

  test('count a lease as lapsed after its time, and a round as overdue after its deadline', async () => {
    consortium.now = instant(T0 + 61);
    expect((await read()).get('syndic_leases{state="lapsed"}')).toBe(2);
    consortium.now = instant(DEADLINE + 17);
    expect((await read()).get('syndic_round_overdue_seconds')).toBe(17);
  });

  test('have the rounds by outcome and duration from the database: a second coordinator and a restart say the same', async () => {
    await anchorRound(db, consortium);
    const samples = await read();
    expect(samples.get('syndic_rounds_anchored_total{outcome="completed"}')).toBe(1);
    expect(samples.get('syndic_round_seconds_sum{outcome="completed"}')).toBe(40);
    expect(samples.get('syndic_round_seconds_bucket{le="30",outcome="completed"}')).toBe(0);
    expect(samples.get('syndic_round_seconds_bucket{le="60",outcome="completed"}')).toBe(1);
    expect(samples.get('syndic_round_collecting_seconds_sum{outcome="completed"}')).toBe(4);
    expect(samples.get('syndic_outbox_messages{state="sent"}')).toBe(1);
    expect(samples.get('syndic_outbox_oldest_age_seconds')).toBe(10);
    expect(samples.has('syndic_record_due_timestamp_seconds')).toBe(false);
    const stored = (of: Samples) => [...of].filter(([name]) => name.startsWith('syndic_round'));
    // Asked twice it says the same: nothing adds up.
    expect(stored(await read())).toEqual(stored(samples));
    expect(stored(await read(another()))).toEqual(stored(samples));
  });

  test('count what goes through the rooms, and change nothing of it', async () => {
    const studies = new FakeStudies();
    const watched = meteredStudies(studies, metrics);
    await watched.tasksFor(slot(2));
    await watched.refuse(slot(2), 'a task', 'DATA_INVALID', 'too few rows');
    expect(studies.refused).toEqual([{ slot: 2, task: 'a task', code: 'DATA_INVALID', message: 'too few rows' }]);
    const bytes: number[] = [];
    for await (const part of meteredFiles(models, metrics).open(consortium.base)) bytes.push(part.byteLength);
    const upload = {
      chunk: async () => undefined,
      finish: async () => new Uint8Array(3),
      suspend: async () => undefined,
    };
    const state = async () => ({ received: 0, receipt: null });
    const intake = meteredIntake({ present: async () => [], state, begin: async () => upload }, metrics);
    const nothing = new Uint8Array();
    const begun = await intake.begin(slot(1), { task: '', statement: nothing, report: nothing, length: 8, offset: 0 });
    await begun.chunk(0, new Uint8Array(8));
    expect(await begun.finish()).toEqual(new Uint8Array(3));
    const failing = {
      initial: async () => undefined,
      aggregate: async () => Promise.reject(new SyndicError('NOT_FOUND', 'no base')),
      close: async () => undefined,
    };
    const job = { strategy: { name: 'fedavg' as const }, base: consortium.base, updates: [] };
    await expect(meteredAggregator(failing, metrics).aggregate(job)).rejects.toThrow('no base');
    metrics.callEnded('TransferService/Upload', 'NOT_FINITE', 0.25);
    const samples = await read();
    expect(samples.get('syndic_member_last_seen_timestamp_seconds{slot="2"}')).toBe(consortium.now);
    expect(samples.get('syndic_tasks_refused_total{code="DATA_INVALID"}')).toBe(1);
    expect(samples.get('syndic_sent_bytes_total')).toBe(bytes.reduce((sum, size) => sum + size, 0));
    expect(samples.get('syndic_received_bytes_total')).toBe(8);
    expect(samples.get('syndic_aggregation_seconds_count{result="failed"}')).toBe(1);
    expect(samples.get('syndic_refusals_total{method="TransferService/Upload",code="NOT_FINITE"}')).toBe(1);
    expect(samples.get('syndic_grpc_call_seconds_sum{method="TransferService/Upload"}')).toBe(0.25);
  });
});

/** The round's record is final 40 s after its opening, and another message is on its way. */
async function anchorRound(db: Database, { study }: TestConsortium): Promise<void> {
  await db
    .updateTable('rounds')
    .set({
      ...{ state: 'anchored', closed: T0 + 4, outcome: 1 },
      global_model: randomDigest(),
      manifest: randomDigest(),
    })
    .where('study', '=', study)
    .execute();
  const message = { study, kind: 'record', round: ROUND, calldata: '0x00', created: T0 + 5, updated: T0 + 40 } as const;
  const unsigned = {
    signer: null,
    nonce: null,
    transaction: null,
    block: null,
    block_hash: null,
    error: null,
  };
  await db
    .insertInto('outbox')
    .values([
      { ...unsigned, ...message, state: 'final' },
      { ...unsigned, ...message, kind: 'close', round: 0, created: T0, state: 'sent' },
    ])
    .execute();
}

describe('dashboard, alerts and documentation', () => {
  const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
  /** Added by Prometheus itself to everything that it scrapes. */
  const SCRAPED = ['job', 'instance'];
  /** Label names by series, of everything that a coordinator can export. */
  let exported: Map<string, Set<string>>;

  beforeAll(async () => {
    const db = await testDatabase(postgres);
    const consortium = new TestConsortium();
    const models = await createFilesystemStore({ dir: await mkdtemp(join(dir, 'store-')) });
    await consortium.seed(db, models);
    await anchorRound(db, consortium);
    const later = new TestConsortium();
    await later.seed(db, models);
    const { clock } = consortium;
    const metrics = createMetrics({ storeLimit: 1 }, { db, storeBytes: () => 1, clock, log: silentLog });
    metrics.callEnded('TaskService/Watch', 'INTERNAL', 1);
    metrics.taskRefused('DATA_INVALID');
    metrics.seen(slot(1));
    metrics.requestAnswered('GET', '/healthz', 200, 1);
    metrics.aggregated(1, false);
    metrics.advanced(1, false);
    exported = new Map([['up', new Set(SCRAPED)]]);
    for (const sample of parseSamples((await metrics.page()).body).keys()) {
      const [name = '', labels = ''] = sample.split('{');
      const known = exported.get(name) ?? new Set(SCRAPED);
      for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
      exported.set(name, known);
    }
    await db.destroy();
  });

  /** Without what the parts of a histogram are called. */
  const families = () => {
    const own = [...exported.keys()].filter((name) => name.startsWith('syndic_'));
    return [...new Set(own.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')))].toSorted();
  };

  function faultsOf(expression: string): string[] {
    const { metrics, selected, grouped } = readPromql(expression);
    const labels = new Set(metrics.flatMap((metric) => [...(exported.get(metric) ?? [])]));
    return [
      ...metrics.filter((metric) => !exported.has(metric)),
      ...selected.filter(({ metric, label }) => !exported.get(metric)?.has(label)).map(({ label }) => label),
      ...grouped.filter((label) => !labels.has(label)),
    ];
  }

  async function dashboard(): Promise<string[]> {
    const { panels } = JSON.parse(await readFile(join(ROOT, 'deploy', 'grafana', 'coordinator.json'), 'utf8'));
    return panels.flatMap(({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr));
  }

  async function alerts(): Promise<string[]> {
    const { groups } = parse(await readFile(join(ROOT, 'deploy', 'grafana', 'alerts.yml'), 'utf8'));
    return groups.flatMap(({ rules }: { rules: { expr: string }[] }) => rules.map(({ expr }) => expr));
  }

  test('use only series that a coordinator exports, with labels that those have', async () => {
    const expressions = [...(await dashboard()), ...(await alerts())];
    expect(expressions.length).toBeGreaterThan(40);
    expect(expressions.map((text) => [text, faultsOf(text)]).filter(([, faults]) => faults?.length)).toEqual([]);
    // The check sees what is not there.
    expect(faultsOf('sum by (slot) (rate(syndic_rounds{sate="open"}[5m])) / syndic_nothing')).toEqual([
      ...['syndic_nothing', 'sate', 'slot'],
    ]);
  });

  test('leave out no metric of ours', async () => {
    const shown = (await dashboard()).flatMap((expression) => readPromql(expression).metrics);
    const families_ = new Set(shown.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    expect(families().filter((name) => !families_.has(name))).toEqual([]);
    const documented = await readFile(join(ROOT, 'docs', 'observability.md'), 'utf8');
    const told = [...documented.matchAll(/^\| `(syndic_[a-z_]+)`/gm)].map(([, name = '']) => name);
    expect(told.filter((name) => !name.startsWith('syndic_worker_')).toSorted()).toEqual(families());
  });
});

test('a database that does not answer costs its own metrics and no others', async () => {
  const gone = connect({ url: 'postgresql://nobody@127.0.0.1:1/none' });
  const warned: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => void warned.push(message) };
  const clock = { now: () => instant(T0) };
  const metrics = createMetrics({ storeLimit: null }, { db: gone, storeBytes: () => 5, clock, log });
  const samples = parseSamples((await metrics.page()).body);
  expect(samples.get('syndic_database_up')).toBe(0);
  expect(samples.get('syndic_store_bytes')).toBe(5);
  expect(samples.has('syndic_store_limit_bytes')).toBe(false);
  expect([...samples.keys()].filter((name) => name.startsWith('syndic_round'))).toEqual([]);
  expect(warned).toEqual(['the database gave no metrics']);
  await gone.destroy();
});
