import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { declaredSamples } from '../core/aggregate/weights.ts';
import { SyndicError, toSyndicError } from '../core/errors/SyndicError.ts';
import { encodeReport } from '../core/manifest/Report.ts';
import { tensorSpecs } from '../core/model/tensorSpecs.ts';
import type { CheckedPlan, Plan } from '../core/plan/Plan.ts';
import { MAX_PLAN_TEXT } from '../core/plan/parsePlanText.ts';
import { decodeStatement, encodeStatement } from '../core/statements/documents.ts';
import type { Domain, UpdateMessage } from '../core/statements/types.ts';
import { fileLength } from '../core/tensors/header.ts';
import { bytesToHex, type Digest, digest, type Instant } from '../core/values.ts';
import type { Traces } from '../telemetry/port.ts';
import { fetchArtifact, trimCache } from './artifacts.ts';
import type { DataSource, SiteData } from './data/port.ts';
import { versionRoot } from './data/version.ts';
import type { Journal, PreparedEntry } from './journal/port.ts';
import type { WorkerKey } from './keys/port.ts';
import type { SiteChain } from './policy/ethereum.ts';
import type { ApprovedTask, Policy } from './policy/port.ts';
import { checkReceipt } from './receipt.ts';
import type { Session, TaskOffer } from './session/port.ts';
import type { Trainer } from './training/port.ts';
import { saltedUpdate } from './training/saltedUpdate.ts';
import { secretOf, versionsOf } from './versions.ts';

export interface TaskRunnerOptions {
  readonly domain: Domain;
  readonly cacheDir: string;
  readonly versionsDir: string;
}

export interface TaskRunnerModules {
  readonly session: Session;
  readonly policy: Policy;
  readonly chain: Pick<SiteChain, 'versionRows'>;
  readonly data: DataSource;
  readonly trainer: Trainer;
  readonly key: WorkerKey;
  readonly journal: Journal;
  readonly clock: () => Instant;
  readonly log: Logger;
  readonly traces: Traces;
}

/** One task at a time, from offer to receipt. Whatever is signed is in the journal before it leaves. */
export class TaskRunner {
  private readonly options: TaskRunnerOptions;
  private readonly modules: TaskRunnerModules;
  private loaded: { plan: Digest; data: SiteData; version: { root: Digest; rows: number } } | null = null;

  constructor(options: TaskRunnerOptions, modules: TaskRunnerModules) {
    this.options = options;
    this.modules = modules;
  }

  /**
   * Does a task, or refuses it and says why. What a retry may mend (a line that broke, a node that is away) is thrown:
   * the task stays this site's, and is offered again.
   */
  async run(task: TaskOffer, signal: AbortSignal): Promise<void> {
    const { session, log, traces } = this.modules;
    const began = Date.now();
    try {
      await this.work(task, signal);
      traces.whole('update', task, began);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toSyndicError(thrown);
      if (error.retryable) throw error;
      traces.whole('update', task, began, error.code);
      log.warn({ study: task.study, round: task.round, code: error.code }, `task refused: ${error.message}`);
      await this.note(task, 'site', error);
      await session.refuse(task.id, error.code, error.message);
    } finally {
      session.progress(task.id, null);
    }
  }

  private async work(task: TaskOffer, signal: AbortSignal): Promise<void> {
    const { policy, journal } = this.modules;
    const approved = await policy.checkTask(task);
    const checked = await this.fetchPlan(task, approved, signal);
    checkTimes(task, checked.plan);
    await journal.forgetUpdates(task.study, task.round);
    // Signed once, sent until it is acknowledged: a second update for the round would be refused, and rightly.
    const prepared = journal.prepared(task.study, task.round) ?? (await this.prepare(task, approved, checked, signal));
    await this.deliver(task, approved, prepared, signal);
  }

  private async fetchPlan(task: TaskOffer, approved: ApprovedTask, signal: AbortSignal): Promise<CheckedPlan> {
    this.tell(task, 'downloading');
    const { session, policy } = this.modules;
    const bytes = await fetchArtifact(session, this.options.cacheDir, approved.plan, MAX_PLAN_TEXT, signal);
    return policy.checkPlan(approved, bytes);
  }

  private async prepare(
    task: TaskOffer,
    approved: ApprovedTask,
    { plan, hash }: CheckedPlan,
    signal: AbortSignal,
  ): Promise<PreparedEntry> {
    const { session, trainer, log, traces } = this.modules;
    const most = fileLength(tensorSpecs(plan.model));
    const base = await fetchArtifact(session, this.options.cacheDir, task.baseModel, most, signal);
    await trimCache(this.options.cacheDir, [approved.plan, task.baseModel]);
    this.tell(task, 'reading data');
    const { data, version } = await this.load(plan, hash, approved);
    this.tell(task, 'training', 0, plan.training.localSteps);
    const { slot, round } = task;
    const job = { plan, slot, round, baseModel: base, data };
    const onProgress = (step: number, total: number) => this.tell(task, 'training', step, total);
    const result = await traces.span('train', task, () => trainer.train(job, { signal, onProgress }));
    log.info({ study: task.study, round, steps: result.steps, ...result.runtime }, 'trained');
    const report = encodeReport({
      schema: 'syndic.report/1',
      salt: freshSalt(),
      study: task.study,
      round,
      slot,
      steps: result.steps,
      runtime: result.runtime,
      metrics: result.metrics,
    });
    const samples = declaredSamples(data.train.rows, plan);
    const claim = { plan: hash, samples, dataset: version.root };
    return await traces.span('sign', task, () => this.sign(task, claim, saltedUpdate(base, result.local), report));
  }

  /** Data are read once a plan, and held against the version that was anchored: other rows need a version of their own. */
  private async load(plan: Plan, hash: Digest, approved: ApprovedTask) {
    if (this.loaded?.plan === hash) return this.loaded;
    const version = await this.anchoredVersion(approved.dataset);
    const { root } = await versionRoot(this.modules.data, plan.data, secretOf(version.file));
    if (root !== version.file.root) {
      throw new SyndicError(
        'DATA_INVALID',
        'the data are not those of the anchored dataset version: anchor a new one (syndic worker version, syndic member version)',
        { anchored: version.file.root, found: root },
      );
    }
    const data = await this.modules.data.load(plan, approved.slot);
    const { train, test, quarantined, dropped } = data;
    const counts = { train: train.rows, test: test.rows, quarantined: quarantined.count, dropped: dropped.count };
    this.modules.log.info(counts, 'data read');
    this.loaded = { plan: hash, data, version: { root, rows: version.rows } };
    return this.loaded;
  }

  private async anchoredVersion(dataset: Digest) {
    for (const file of await versionsOf(this.options.versionsDir, dataset)) {
      const rows = await this.modules.chain.versionRows(dataset, file.root);
      if (rows !== null) return { file, rows };
    }
    throw new SyndicError(
      'DATASET_UNKNOWN',
      `no version of dataset ${dataset} that this site keeps is on chain: make one with syndic worker version and anchor it with syndic member version`,
      { dataset },
    );
  }

  private async sign(
    task: TaskOffer,
    { plan, samples, dataset }: { plan: Digest; samples: number; dataset: Digest },
    pieces: Iterable<Uint8Array>,
    report: Uint8Array,
  ): Promise<PreparedEntry> {
    const { journal, key, clock } = this.modules;
    const { study, round, slot, baseModel } = task;
    const [update, reportKept] = await Promise.all([journal.keepPieces(pieces), journal.keep(report)]);
    const kept = { update: update.digest, report: reportKept };
    const message: UpdateMessage = { study, round, slot, plan, baseModel, samples, dataset, ...kept };
    const statement = await journal.keep(encodeStatement({ message, signature: await key.signUpdate(message) }));
    const entry: PreparedEntry = {
      type: 'prepared',
      at: clock(),
      study,
      round,
      plan,
      baseModel,
      dataset,
      samples,
      statement,
      length: update.length,
      ...kept,
    };
    await journal.append(entry);
    return entry;
  }

  private async deliver(
    task: TaskOffer,
    approved: ApprovedTask,
    prepared: PreparedEntry,
    signal: AbortSignal,
  ): Promise<void> {
    const { session, journal, clock, log, traces } = this.modules;
    this.tell(task, 'uploading', 0, prepared.length);
    const statement = await journal.read(prepared.statement);
    const outgoing = {
      task: task.id,
      update: prepared.update,
      length: prepared.length,
      statement,
      report: await journal.read(prepared.report),
      open: (from: number) => this.sending(task, prepared, from),
    };
    const receipt = await traces.span('upload', task, () => session.upload(outgoing, signal));
    const kept = await journal.keep(receipt);
    checkReceipt(receipt, {
      domain: this.options.domain,
      coordinatorKey: approved.coordinatorKey,
      statement: decodeStatement(statement).message,
      recordBy: task.recordBy,
    });
    const { study, round } = task;
    await journal.append({ type: 'accepted', at: clock(), study, round, update: prepared.update, receipt: kept });
    log.info({ study, round, update: prepared.update, samples: prepared.samples }, 'update accepted');
  }

  private async *sending(task: TaskOffer, { update, length }: PreparedEntry, from: number): AsyncIterable<Uint8Array> {
    let done = from;
    for await (const piece of this.modules.journal.open(update, from)) {
      yield piece;
      done += piece.byteLength;
      this.tell(task, 'uploading', done, length);
    }
  }

  private tell(task: TaskOffer, phase: string, done = 0, total = 0): void {
    this.modules.session.progress(task.id, { phase, done, total });
  }

  private async note(task: TaskOffer, by: 'site' | 'coordinator', error: SyndicError): Promise<void> {
    const { journal, clock } = this.modules;
    const { study, round } = task;
    await journal.append({ type: 'refused', at: clock(), by, study, round, code: error.code, message: error.message });
  }
}

/** A task's times are the plan's: a receipt that promises a record for next year promises nothing. */
function checkTimes(task: TaskOffer, plan: Plan): void {
  const want = { deadline: task.opened + plan.roundSeconds, recordBy: task.deadline + plan.recordWithin };
  if (task.deadline === want.deadline && task.recordBy === want.recordBy) return;
  throw new SyndicError(
    'WRONG_PLAN',
    `the task is due at ${task.deadline} with its record by ${task.recordBy}; the plan makes that ${want.deadline} and ${want.recordBy}`,
    { got: { deadline: task.deadline, recordBy: task.recordBy }, want },
  );
}

function freshSalt(): Digest {
  return digest(bytesToHex(randomBytes(32)));
}
