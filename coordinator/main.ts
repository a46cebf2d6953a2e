import { SyndicError } from '../core/errors/SyndicError.ts';
import { domain } from '../core/statements/types.ts';
import type { StudyId } from '../core/values.ts';
import type { Traces } from '../telemetry/port.ts';
import type { Aggregator } from './aggregation/port.ts';
import { createThreadedAggregator } from './aggregation/threads.ts';
import { createAnchor, type EthereumAnchor } from './anchor/ethereum.ts';
import type { CoordinatorConfig } from './config.ts';
import { connect } from './db/connect.ts';
import { migrate } from './db/migrate.ts';
import { occupy } from './db/occupy.ts';
import { createFleet } from './fleet/server.ts';
import { chainOptions, contractsOf, queueOptions, readCertificate, storeOf } from './fromConfig.ts';
import { createHttp } from './http/server.ts';
import { createIntake } from './intake/intake.ts';
import { sweepUploads } from './intake/sweepUploads.ts';
import { meteredAggregator, meteredFiles, meteredIntake, meteredStudies, timed } from './metrics/metered.ts';
import type { Metrics } from './metrics/port.ts';
import { createMetrics, type PrometheusMetrics } from './metrics/prometheus.ts';
import { type Books, type OnClose, openBooks } from './openBooks.ts';
import { createBullmqQueue } from './queue/bullmq.ts';
import type { Queue } from './queue/port.ts';
import { Studies } from './studies/Studies.ts';
import { Ticker } from './Ticker.ts';
import { tickOutbox } from './tickOutbox.ts';
import { serveMetrics, tracesOf } from './watched.ts';

/** Seconds between two rounds of waking every study: should the queue ever lose a wake, it is late by no more. */
const WAKE_ALL_SECONDS = 10;
const SWEEP_SECONDS = 3600;
/** Seconds between two looks at what gRPC's health tells. */
const HEALTH_SECONDS = 5;
/** A plan is 1 MiB at most, and base64 makes four bytes of three. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** What a running coordinator is made of; closed in the reverse of the order in which it was made. */
interface Parts extends Books {
  readonly anchor: EthereumAnchor;
  readonly queue: Queue;
  readonly aggregator: Aggregator;
  readonly metrics: PrometheusMetrics;
  readonly traces: Traces;
}

/** Brings the database to this version. @returns names of the migrations applied */
export async function migrateCoordinator(config: Pick<CoordinatorConfig, 'DATABASE_URL'>): Promise<string[]> {
  const db = connect({ url: config.DATABASE_URL, max: 2 });
  try {
    return await migrate(db);
  } finally {
    await db.destroy();
  }
}

/**
 * Runs a coordinator until `signal` aborts; then it takes no more work, lets what runs end, and resolves.
 *
 * @throws SyndicError CONFIG_INVALID, KEYSTORE_INVALID, DEPENDENCY_UNAVAILABLE, STATE_CONFLICT (database not migrated),
 * CHAIN_MISMATCH, CHAIN_UNAVAILABLE; CHAIN_AHEAD whenever it is found
 */
export async function runCoordinator(config: CoordinatorConfig, signal: AbortSignal): Promise<void> {
  const opened: (() => Promise<void>)[] = [];
  try {
    const parts = await assemble(config, (close) => opened.push(close));
    await serve(parts, signal, (close) => opened.push(close));
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

async function assemble(config: CoordinatorConfig, onClose: OnClose): Promise<Parts> {
  const books = await openBooks(config, onClose);
  const { key, log, clock, crash, db, models } = books;
  const traces = tracesOf(config, log);
  onClose(() => traces.close());
  const metrics = createMetrics(
    { storeLimit: config.MAX_STORE_BYTES ?? null },
    { db, storeBytes: () => models.heldBytes, clock, log },
  );
  const anchor = await createAnchor(
    { ...chainOptions(config), ledger: config.LEDGER_ADDRESS, privateKey: key.privateKey },
    { db, log, clock, crash, traces, trouble: metrics.chainTrouble },
  );
  onClose(() => anchor.close());
  const threads = createThreadedAggregator(
    {
      store: storeOf(config),
      threads: config.AGGREGATION_THREADS,
      blockBytes: config.BLOCK_BYTES,
    },
    { models },
  );
  const aggregator = meteredAggregator(threads, metrics);
  onClose(() => aggregator.close());
  const queue = await createBullmqQueue(queueOptions(config), { log });
  onClose(() => queue.close());
  return { ...books, anchor, queue, aggregator, metrics, traces };
}

async function serve(parts: Parts, signal: AbortSignal, onClose: OnClose): Promise<void> {
  const { config, key, log, clock, crash, db, models, chain, anchor, queue, aggregator, metrics, traces } = parts;
  const failure = Promise.withResolvers<never>();
  // Waited for further down; until then it is nobody's.
  failure.promise.catch(() => undefined);
  onClose(await occupy({ url: config.DATABASE_URL, as: 'shared' }, failure.reject));
  const account = config.COORDINATOR_ACCOUNT;
  const ledger = { chainId: config.CHAIN_ID, ledger: config.LEDGER_ADDRESS };
  const studies = new Studies(
    { coordinatorAccount: account, leaseSeconds: config.LEASE_SECONDS, pollSeconds: config.POLL_SECONDS },
    { db, chain, anchor, models, aggregator, queue, clock, log, crash, traces },
  );
  await checkKey(parts);
  await studies.checkChain();

  const intake = createIntake(
    { coordinatorKey: key.privateKey, domain: ledger },
    { db, chain, models, queue, clock, log, traces, ...(crash === undefined ? {} : { crash }) },
  );
  const certificate = await readCertificate(config);
  const fleet = await createFleet(
    {
      host: config.GRPC_HOST,
      port: config.GRPC_PORT,
      ...certificate,
      coordinatorAccount: account,
      privateKey: key.privateKey,
      domain: ledger,
      heartbeatSeconds: config.HEARTBEAT_SECONDS,
      maxChunkBytes: config.CHUNK_BYTES,
      maxSessions: config.MAX_SESSIONS,
      sessionSeconds: config.SESSION_SECONDS,
    },
    {
      ...{ db, chain, clock, log, calls: metrics },
      studies: meteredStudies(studies, metrics),
      intake: meteredIntake(intake, metrics),
      models: meteredFiles(models, metrics),
    },
  );
  onClose(() => fleet.close());

  const wakeAll = async () => {
    for (const study of await studies.unfinished()) await queue.wake(study);
  };
  const sweep = async () => {
    await sweepUploads({ keepSeconds: config.UPLOAD_KEEP_SECONDS }, { db, models, clock });
  };
  const lookAtHealth = async () => fleet.healthy(Object.values(await readiness(parts)).every(Boolean));
  const tick = () => tickOutbox(db, anchor, (study) => queue.wake(study));
  const outbox = new Ticker('the outbox', config.OUTBOX_SECONDS, tick, log);
  onClose(() => outbox.close());
  const advanced = () => {
    fleet.notify();
    // What the study has to say to the chain need not wait for the next tick.
    outbox.soon();
  };
  await queue.start(advancer(studies, metrics, advanced, failure.reject));
  for (const [what, seconds, work] of [
    ['waking the studies', WAKE_ALL_SECONDS, wakeAll],
    ['sweeping temporaries', SWEEP_SECONDS, sweep],
    ['looking at health', HEALTH_SECONDS, lookAtHealth],
    ['deleting updates whose time is over', SWEEP_SECONDS, studies.deleteOldUpdates],
  ] as const) {
    const ticker = new Ticker(what, seconds, work, log);
    onClose(() => ticker.close());
  }

  const http = await createHttp(
    {
      host: config.HTTP_HOST,
      port: config.HTTP_PORT,
      tls: config.HTTP_TLS === 'on' ? certificate : null,
      coordinatorAccount: account,
      privateKey: key.privateKey,
      domain: domain(config.CHAIN_ID, config.LEDGER_ADDRESS),
      sessionSeconds: config.HTTP_SESSION_SECONDS,
      info: { contracts: contractsOf(config), chainId: config.CHAIN_ID },
      maxBodyBytes: MAX_BODY_BYTES,
    },
    { db, chain, studies, models, clock, log, ready: () => readiness(parts), requests: metrics },
  );
  onClose(() => http.close());
  const watched = await serveMetrics(config, metrics);
  onClose(async () => await watched?.close());
  const addresses = { grpc: fleet.port, http: http.url, metrics: watched?.url };
  log.info({ account, key: key.address, ...addresses }, 'coordinator ready');
  await Promise.race([untilAborted(signal), failure.promise]);
  log.info({}, 'coordinator stops: no more work is taken');
}

/** A study found behind the chain stops the process: going on would sign what contradicts the ledger. */
function advancer(studies: Studies, metrics: Metrics, advanced: () => void, fail: (error: unknown) => void) {
  return async (study: StudyId): Promise<void> => {
    // Until it is known that nothing moved.
    let moved = true;
    try {
      moved = await timed(() => studies.advance(study), metrics.advanced);
    } catch (error) {
      if (error instanceof SyndicError && error.code === 'CHAIN_AHEAD') fail(error);
      throw error;
    } finally {
      if (moved) advanced();
    }
  };
}

/** A wrong key is worth a word, not an end: its account may list it any minute. */
async function checkKey({ config, key, chain, log }: Parts): Promise<void> {
  const listed = await chain.keyOf(config.COORDINATOR_ACCOUNT);
  if (listed === key.address) return;
  const facts = { account: config.COORDINATOR_ACCOUNT, key: key.address, listed };
  log.error(facts, "the keystore's key is not the account's current key on chain: the ledger will refuse it");
}

async function readiness({ config, key, db, chain }: Parts): Promise<Record<string, boolean>> {
  const answers = async (question: Promise<unknown>) => question.then(Boolean, () => false);
  const [database, node, current] = await Promise.all([
    answers(db.selectFrom('studies').select('id').limit(1).execute()),
    answers(chain.finalBlock()),
    answers(chain.keyOf(config.COORDINATOR_ACCOUNT).then((listed) => listed === key.address)),
  ]);
  return { database, chain: node, key: current };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
