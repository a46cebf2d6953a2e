import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { toSyndicError } from '../core/errors/SyndicError.ts';
import { type Invitation, parseInvitation } from '../core/invitation/Invitation.ts';
import { openKey } from '../core/statements/keystore.ts';
import { domain } from '../core/statements/types.ts';
import { instant } from '../core/values.ts';
import { type Listener, listen } from '../telemetry/listener.ts';
import { noTraces } from '../telemetry/noTraces.ts';
import { createTraces } from '../telemetry/otlp.ts';
import type { Traces } from '../telemetry/port.ts';
import { Answers } from './answers/Answers.ts';
import { type WorkerConfig, workerPaths } from './config.ts';
import { CsvSource } from './data/csv.ts';
import { heldReceipts } from './heldReceipts.ts';
import { openJournal } from './journal/file.ts';
import { sealedWorkerKey } from './keys/sealed.ts';
import { meteredSession, meteredTrainer } from './metrics/metered.ts';
import { createMetrics, type PrometheusMetrics } from './metrics/prometheus.ts';
import { connectSiteChain } from './policy/ethereum.ts';
import { createPolicy } from './policy/policy.ts';
import { createSession } from './session/grpc.ts';
import type { TaskOffer } from './session/port.ts';
import { TaskRunner } from './TaskRunner.ts';
import type { Trainer } from './training/port.ts';
import { tellBackend } from './training/tellBackend.ts';
import { TfjsTrainer } from './training/tfjs.ts';

/**
 * Runs a worker until `signal` aborts; it closes the trainer.
 *
 * @param training does a round's work; left out: TensorFlow.js
 * @throws SyndicError on what no retry mends, such as PIN_MISMATCH
 */
export async function runWorker(config: WorkerConfig, signal: AbortSignal, training?: Trainer): Promise<void> {
  const log = createLog(config);
  const paths = workerPaths(config.WORKER_DIR);
  const invitation = parseInvitation(JSON.parse(await readFile(paths.invitation, 'utf8')));
  const messages = domain(invitation.chainId, invitation.contracts.ledger);
  const opened = await openKey(await readFile(paths.keystore, 'utf8'), config.KEYSTORE_PASSPHRASE);
  const key = sealedWorkerKey(opened, messages);
  const chain = connectSiteChain(config.CHAIN_RPC_URL, invitation);
  const policy = createPolicy({ invitation, workerKey: key.address, chainLagSeconds: config.CHAIN_LAG_SECONDS }, chain);
  const journal = await openJournal(paths.journal);
  const clock = () => instant(Math.floor(Date.now() / 1000));
  const line = createSession(
    { identity: identityOf(invitation), slot: invitation.slot },
    {
      ...{ key, coordinatorKey: policy.coordinatorKey, clock, log, domain: messages },
      held: () => heldReceipts(journal, chain),
    },
  );
  const metrics = createMetrics({ now: clock, connected: () => line.connected });
  const session = meteredSession(line, metrics);
  const trainer = meteredTrainer(training ?? tfjsTrainer(config, log), metrics);
  const traces = tracesOf(config, log);
  const split = config.SPLIT_FILE === undefined ? {} : { splitFile: config.SPLIT_FILE };
  const data = new CsvSource({ path: config.DATA_FILE, ...split });
  const runner = new TaskRunner(
    { domain: messages, cacheDir: paths.cache, versionsDir: paths.versions },
    { session, policy, chain, data, trainer, key, journal, clock, log, traces },
  );
  const answers = new Answers(
    { slot: invitation.slot, domain: messages, recordsDir: paths.records },
    { session, chain, journal, key, clock, log, metrics },
  );
  const over = new AbortController();
  let answering: Promise<void> = Promise.resolve();
  let watched: Listener | null = null;
  try {
    watched = await serveMetrics(config, metrics, session);
    await policy.checkChain();
    const facts = { slot: invitation.slot, key: key.address, coordinator: invitation.url };
    log.info({ ...facts, metrics: watched?.url }, 'worker ready');
    answering = answers.run(AbortSignal.any([signal, over.signal]));
    await Promise.all(await followTasks(session.tasks(signal), { runner, answers, log }, signal));
  } finally {
    over.abort();
    await answering;
    await trainer.close();
    await session.close();
    await journal.close();
    chain.close();
    await watched?.close();
    await traces.close();
  }
}

/** Spans, for a collector that is named; else none. */
function tracesOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: WorkerConfig, log: Logger): Traces {
  return endpoint === undefined ? noTraces : createTraces({ service: 'syndic-worker', endpoint }, { log });
}

/** A worker listens nowhere, unless its hospital wants to watch it. */
async function serveMetrics(
  { METRICS_HOST: host, METRICS_PORT: port }: WorkerConfig,
  metrics: PrometheusMetrics,
  session: { readonly connected: boolean },
): Promise<Listener | null> {
  if (port === undefined) return null;
  const health = async () => {
    const { connected } = session;
    const body = `${JSON.stringify({ alive: true, connected })}\n`;
    return { status: connected ? 200 : 503, type: 'application/json', body };
  };
  return await listen({ host, port }, { '/metrics': () => metrics.page(), '/healthz': health });
}

function tfjsTrainer({ BACKEND: backend, TF_NUM_INTRAOP_THREADS: nativeThreads }: WorkerConfig, log: Logger): Trainer {
  return new TfjsTrainer({ backend, nativeThreads, onLoaded: (loaded) => tellBackend(loaded, log) });
}

/** One task after the other; offers that come meanwhile wait, and are skipped if they were cancelled by then. */
async function followTasks(
  tasks: AsyncIterable<TaskOffer>,
  { runner, answers, log }: { runner: TaskRunner; answers: Pick<Answers, 'soon'>; log: Logger },
  signal: AbortSignal,
): Promise<Promise<void>[]> {
  let last: Promise<void> = Promise.resolve();
  for await (const task of tasks) {
    // A round begins when the one before is on record.
    answers.soon();
    last = last
      .then(() => persevere(task, runner, AbortSignal.any([signal, task.cancelled]), log))
      .then(() => answers.soon());
  }
  return [last];
}

/** Tries until it is done, refused, or no longer wanted. */
async function persevere(task: TaskOffer, runner: TaskRunner, signal: AbortSignal, log: Logger): Promise<void> {
  for (let seconds = 1; !signal.aborted; seconds = Math.min(seconds * 2, 30)) {
    try {
      return await runner.run(task, signal);
    } catch (thrown) {
      const { code, message } = toSyndicError(thrown);
      log.warn({ study: task.study, round: task.round, code }, `${message}; trying again in ${seconds} s`);
      await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
    }
  }
}

function identityOf(invitation: Invitation) {
  const { pin, coordinator } = invitation;
  return { target: invitation.url.replace('grpcs://', ''), pin, coordinator };
}

function createLog(config: WorkerConfig): Logger {
  const stderr: DestinationStream = destination(2);
  return pino({ level: config.LOG_LEVEL, base: { room: 'worker' } }, stderr);
}
