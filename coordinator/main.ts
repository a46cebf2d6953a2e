import { readFile } from 'node:fs/promises';
import { destination, pino } from 'pino';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type OpenedKey, openKey } from '../core/statements/keystore.ts';
import { domain } from '../core/statements/types.ts';
import { instant, type StudyId } from '../core/values.ts';
import type { Aggregator } from './aggregation/port.ts';
import { createThreadedAggregator } from './aggregation/threads.ts';
import { createAnchor, type EthereumAnchor } from './anchor/ethereum.ts';
import { createChainView, type SyncedChainView } from './chain/ethereum.ts';
import type { CoordinatorConfig } from './config.ts';
import { crashAt } from './crashAt.ts';
import { connect, type Database } from './db/connect.ts';
import { checkMigrated, migrate } from './db/migrate.ts';
import { createFleet } from './fleet/server.ts';
import { createHttp } from './http/server.ts';
import { createIntake } from './intake/intake.ts';
import { sweepUploads } from './intake/sweepUploads.ts';
import { createFilesystemStore } from './models/filesystem.ts';
import type { ModelStore } from './models/port.ts';
import type { Clock, Crash, Log } from './modules.ts';
import { createBullmqQueue } from './queue/bullmq.ts';
import type { Queue } from './queue/port.ts';
import { Studies } from './studies/Studies.ts';
import { Ticker } from './Ticker.ts';
import { tickOutbox } from './tickOutbox.ts';

/** Seconds between two rounds of waking every study: should the queue ever lose a wake, it is late by no more. */
const WAKE_ALL_SECONDS = 30;
const SWEEP_SECONDS = 3600;
/** A plan is 1 MiB at most, and base64 makes four bytes of three. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** What a running coordinator is made of; closed in the reverse of the order in which it was made. */
interface Parts {
  readonly config: CoordinatorConfig;
  readonly key: OpenedKey;
  readonly log: Log;
  readonly clock: Clock;
  readonly crash: Crash | undefined;
  readonly db: Database;
  readonly models: ModelStore;
  readonly chain: SyncedChainView;
  readonly anchor: EthereumAnchor;
  readonly queue: Queue;
  readonly aggregator: Aggregator;
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

type OnClose = (close: () => Promise<void>) => void;

async function assemble(config: CoordinatorConfig, onClose: OnClose): Promise<Parts> {
  const log = createLog(config);
  const clock: Clock = { now: () => instant(Math.floor(Date.now() / 1000)) };
  const crash = config.SYNDIC_CRASH_AT === undefined ? undefined : crashAt(config.SYNDIC_CRASH_AT);
  const key = await openKey(
    await readFile(config.COORDINATOR_KEYSTORE_FILE, 'utf8'),
    config.COORDINATOR_KEYSTORE_PASSPHRASE,
  );
  const db = connect({ url: config.DATABASE_URL }, log);
  onClose(() => db.destroy());
  await checkMigrated(db);
  const models = await createFilesystemStore(storeOptions(config));
  const chainOptions = { rpcUrl: config.CHAIN_RPC_URL, chainId: config.CHAIN_ID, finality: config.FINALITY };
  const chain = await createChainView({ ...chainOptions, contracts: contractsOf(config) }, { db, log });
  onClose(() => chain.close());
  const anchor = await createAnchor(
    { ...chainOptions, ledger: config.LEDGER_ADDRESS, privateKey: key.privateKey },
    { db, log, clock, crash },
  );
  onClose(() => anchor.close());
  const aggregator = createThreadedAggregator(
    {
      store: { kind: 'filesystem', dir: config.MODELS_DIR },
      threads: config.AGGREGATION_THREADS,
      blockBytes: config.BLOCK_BYTES,
    },
    { models },
  );
  onClose(() => aggregator.close());
  const queue = await createBullmqQueue(queueOptions(config), { log });
  onClose(() => queue.close());
  return { config, key, log, clock, crash, db, models, chain, anchor, queue, aggregator };
}

async function serve(parts: Parts, signal: AbortSignal, onClose: OnClose): Promise<void> {
  const { config, key, log, clock, crash, db, models, chain, anchor, queue, aggregator } = parts;
  const failure = Promise.withResolvers<never>();
  // Waited for further down; until then it is nobody's.
  failure.promise.catch(() => undefined);
  const account = config.COORDINATOR_ACCOUNT;
  const ledger = { chainId: config.CHAIN_ID, ledger: config.LEDGER_ADDRESS };
  const studies = new Studies(
    { coordinatorAccount: account, leaseSeconds: config.LEASE_SECONDS, pollSeconds: config.POLL_SECONDS },
    { db, chain, anchor, models, aggregator, queue, clock, log, crash },
  );
  await checkKey(parts);
  await studies.checkChain();

  const intake = createIntake(
    { coordinatorKey: key.privateKey, domain: ledger },
    { db, chain, models, queue, clock, log, ...(crash === undefined ? {} : { crash }) },
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
    { db, chain, studies, intake, models, clock, log },
  );
  onClose(() => fleet.close());

  const wakeAll = async () => {
    for (const study of await studies.unfinished()) await queue.wake(study);
  };
  const sweep = async () => {
    await sweepUploads({ keepSeconds: config.UPLOAD_KEEP_SECONDS }, { db, models, clock });
  };
  const tick = () => tickOutbox(db, anchor, (study) => queue.wake(study));
  const outbox = new Ticker('the outbox', config.OUTBOX_SECONDS, tick, log);
  onClose(() => outbox.close());
  const advanced = () => {
    fleet.notify();
    // What the study has to say to the chain need not wait for the next tick.
    outbox.soon();
  };
  await queue.start(advancer(studies, advanced, failure.reject));
  for (const [what, seconds, work] of [
    ['waking the studies', WAKE_ALL_SECONDS, wakeAll],
    ['sweeping temporaries', SWEEP_SECONDS, sweep],
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
    { db, chain, studies, models, clock, log, ready: () => readiness(parts) },
  );
  onClose(() => http.close());
  log.info({ account, key: key.address, grpc: fleet.port, http: http.url }, 'coordinator ready');
  await Promise.race([untilAborted(signal), failure.promise]);
  log.info({}, 'coordinator stops: no more work is taken');
}

/** A study found behind the chain stops the process: going on would sign what contradicts the ledger. */
function advancer(studies: Studies, advanced: () => void, fail: (error: unknown) => void) {
  return async (study: StudyId): Promise<void> => {
    try {
      await studies.advance(study);
    } catch (error) {
      if (error instanceof SyndicError && error.code === 'CHAIN_AHEAD') fail(error);
      throw error;
    } finally {
      advanced();
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

function contractsOf(config: CoordinatorConfig) {
  return {
    consortium: config.CONSORTIUM_ADDRESS,
    dataUse: config.DATA_USE_ADDRESS,
    ledger: config.LEDGER_ADDRESS,
  };
}

function storeOptions({ MODELS_DIR: dir, MAX_STORE_BYTES: maxBytes }: CoordinatorConfig) {
  return maxBytes === undefined ? { dir } : { dir, maxBytes };
}

/** A Redis may serve several coordinators: each has its own names there. */
function queueOptions({ REDIS_URL, DATABASE_URL, CHAIN_ID, COORDINATOR_ACCOUNT }: CoordinatorConfig) {
  if (REDIS_URL === undefined) return { postgresUrl: DATABASE_URL };
  return { redisUrl: REDIS_URL, namespace: `syndic-${CHAIN_ID}-${COORDINATOR_ACCOUNT}` };
}

async function readCertificate(config: CoordinatorConfig): Promise<{ cert: string; key: string }> {
  try {
    return { cert: await readFile(config.TLS_CERT_FILE, 'utf8'), key: await readFile(config.TLS_KEY_FILE, 'utf8') };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyndicError('CONFIG_INVALID', `certificate or key cannot be read: ${reason}`, {}, { cause });
  }
}

/** JSON lines on stderr. Names that secrets go by are masked, should one ever get into a line. */
function createLog(config: CoordinatorConfig): Log {
  const secrets = ['privateKey', 'passphrase', 'password', 'token', 'authorization', 'raw'];
  const paths = secrets.flatMap((name) => [name, `*.${name}`]);
  const options = {
    level: config.LOG_LEVEL,
    base: { room: 'coordinator' },
    redact: { paths, censor: '***' },
    serializers: { error: pino.stdSerializers.err },
  };
  return pino(options, destination(2));
}
