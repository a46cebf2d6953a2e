import type { AggregationJob } from '../../../coordinator/aggregation/port.ts';
import type { Database } from '../../../coordinator/db/connect.ts';
import { acceptUpdate } from '../../../coordinator/intake/accept.sql.ts';
import { readClaim } from '../../../coordinator/intake/facts.ts';
import type { HeldReceipt } from '../../../coordinator/intake/port.ts';
import { presenting } from '../../../coordinator/intake/present.ts';
import { makeReceipt } from '../../../coordinator/intake/receipts.ts';
import { findTask } from '../../../coordinator/intake/tasks.sql.ts';
import type { Crash } from '../../../coordinator/modules.ts';
import { createContext } from '../../../coordinator/studies/context.ts';
import type { OfferedTask } from '../../../coordinator/studies/port.ts';
import { recoverStudies } from '../../../coordinator/studies/recovery/recoverStudies.ts';
import { Studies } from '../../../coordinator/studies/Studies.ts';
import { aggregate } from '../../../core/aggregate/aggregate.ts';
import { readerOf } from '../../../core/aggregate/ChunkReader.ts';
import { strategies } from '../../../core/aggregate/strategies.ts';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import { encodeReport } from '../../../core/manifest/Report.ts';
import { initialDigest, initialModel } from '../../../core/model/initialModel.ts';
import { checkPlanValue } from '../../../core/plan/checkPlan.ts';
import type { Plan } from '../../../core/plan/Plan.ts';
import { sha256 } from '../../../core/sha256.ts';
import { encodeStatement } from '../../../core/statements/documents.ts';
import { addressOf, sign } from '../../../core/statements/sign.ts';
import { domain as domainOf } from '../../../core/statements/types.ts';
import { signVerdict, type Verdict } from '../../../core/statements/verdict.ts';
import { decodeFile } from '../../../core/tensors/file.ts';
import { updatePieces } from '../../../core/tensors/updatePieces.ts';
import { type Digest, digest, type Instant, type Slot, type StudyId, slot } from '../../../core/values.ts';
import { planWith } from '../../unit/core/plan/samplePlan.ts';
import { testDatabase } from '../database.ts';
import { joined } from '../joined.ts';
import { MemoryModels } from '../memoryModels.ts';
import type { TestPostgres } from '../postgres.ts';
import { silentLog } from '../silentLog.ts';
import { FakeAnchor } from './FakeAnchor.ts';
import { FakeLedger } from './FakeLedger.ts';

export interface RigOptions {
  /** Fields of the plan, by path. */
  readonly plan?: readonly (readonly [path: string, value: unknown])[];
  /** Members admitted. Default 3. */
  readonly members?: number;
  readonly crash?: Crash;
  readonly maxUnfinished?: number;
}

const keyOf = (of: number): Digest => digest(`0x${String(of).padStart(64, '5')}`);
const coordinatorKey = keyOf(900);
const operatorKey = keyOf(901);
const dayLater = 86_400;

/** Studies over a real database and outbox, a ledger in memory, and members that answer when the test says so. */
export async function createRig(postgres: TestPostgres, options: RigOptions = {}) {
  const { members = 3, maxUnfinished = 100 } = options;
  const checked = checkPlanValue(planWith(['quorum', 2], ['rounds', 2], ['roundSeconds', 60], ...(options.plan ?? [])));
  const db = await testDatabase(postgres);
  const clock = { seconds: 1_000_000, now: () => clock.seconds as Instant };
  const ledger = new FakeLedger(clock);
  const anchor = new FakeAnchor(db, ledger, clock);
  const models = new MemoryModels();
  const wakes: { study: StudyId; delay: number }[] = [];
  const aggregations: AggregationJob[] = [];
  const coordinator = addressOf(coordinatorKey);
  const operator = addressOf(operatorKey);
  ledger.admit(Array.from({ length: members }, (_, i) => addressOf(keyOf(i + 1))));
  ledger.operators.add(operator);
  const listed = { key: coordinator, owner: coordinator, slot: null, validTo: null, compromised: false };
  ledger.keys.set(coordinator, { ...listed, validFrom: 0 as Instant });
  const domain = domainOf(ledger.chainId, ledger.contracts.ledger);

  const modules = {
    db,
    chain: ledger,
    anchor,
    models,
    aggregator: {
      initial: (of: Pick<Plan, 'seed' | 'model'>, expected: Digest) => initialInMemory(models, of, expected),
      aggregate: (job: AggregationJob) => aggregateInMemory(models, aggregations, job),
    },
    queue: { wake: async (study: StudyId, delay = 0) => void wakes.push({ study, delay }) },
    clock,
    log: silentLog,
  };
  const makeStudies = (crash?: Crash) =>
    new Studies({ coordinatorAccount: coordinator, leaseSeconds: 20, maxUnfinished }, { ...modules, crash });
  const studies = makeStudies(options.crash);

  /** The same coordinator over another database: an empty one, or an old copy. Its store and chain stay. */
  function over(other: Database, crash?: Crash, presentSeconds = 600) {
    const own = { ...modules, db: other, anchor: new FakeAnchor(other, ledger, clock), ...(crash && { crash }) };
    const settings = { coordinatorAccount: coordinator, leaseSeconds: 20, presentSeconds };
    const again = new Studies(settings, own);
    return {
      db: other,
      studies: again,
      recover: () => recoverStudies(createContext(settings, own)),
      present: presenting({ coordinatorKey, domain }, own),
      settle: (study: StudyId) => settleOn({ db: other, anchor: own.anchor }, study, again),
    };
  }

  /** What a member would present of a round, from what it sent and got. */
  async function held(study: StudyId, number: number, of: number): Promise<HeldReceipt> {
    const task = await db
      .selectFrom('tasks')
      .select(['statement', 'report', 'receipt'])
      .where('study', '=', study)
      .where('round', '=', number)
      .where('slot', '=', of)
      .executeTakeFirstOrThrow();
    const bytes = (name: string | null) => models.bytes(digest(name ?? ''));
    return { statement: bytes(task.statement), report: bytes(task.report), receipt: bytes(task.receipt) };
  }

  function order(salt: Digest = digest(`0x${'5a'.repeat(32)}`)) {
    const message = {
      plan: checked.hash,
      initialModel: initialDigest(checked.plan),
      coordinator,
      minIncluded: checked.plan.quorum,
      salt,
    };
    const signature = sign(operatorKey, domain, 'OpenStudy', message);
    return { ...message, operator, plan: checked.bytes, signature };
  }

  /** What a member's session hands over of a round, as the chain has it; or something else. */
  function verdictOf(study: StudyId, number: number, of: number, change: Partial<Verdict> = {}, signer = of) {
    const record = ledger.records.get(study)?.[number - 1]?.recordHash ?? digest(`0x${'99'.repeat(32)}`);
    const verdict = { study, round: number, slot: slot(of), recordHash: record, reason: 0, ...change };
    const contract = domainOf(ledger.chainId, anchor.verdicts);
    const signature = signVerdict(keyOf(signer), contract, verdict);
    return { ...verdict, slot: slot(verdict.slot), key: addressOf(keyOf(of)), signature };
  }

  /** Advances and ticks until neither moves anything. */
  const settle = (study: StudyId, by: Studies = studies) => settleOn({ db, anchor }, study, by);

  async function open(by: Studies = studies): Promise<StudyId> {
    const study = await by.open(order());
    await settle(study, by);
    return study;
  }

  function join(study: StudyId, ...slots: number[]): void {
    for (const of of slots) ledger.grantTo(study, slot(of), clock.seconds + dayLater);
  }

  /** What a member that trains and uploads leaves behind. */
  async function deliver(of: number, samples = 100 * of, value = of): Promise<Digest> {
    const { id, study } = await offered(of);
    return deliverTask(id, study, slot(of), samples, value);
  }

  async function offered(of: number): Promise<OfferedTask> {
    const [task] = await studies.tasksFor(slot(of));
    if (task === undefined) throw new Error(`slot ${of} has no task`);
    return task;
  }

  async function deliverTask(id: string, study: StudyId, of: Slot, samples: number, value = 1): Promise<Digest> {
    const task = await findTask(db, id);
    if (task === null) throw new Error(`no task ${id}`);
    const base = decodeFile(models.bytes(task.baseModel));
    const local = [...base.tensors].map(([name, { shape, data }]) => ({
      name,
      shape,
      data: data.map((x) => x + value),
    }));
    const update = joined(updatePieces(base, local, digest(`0x${'77'.repeat(32)}`)));
    const report = encodeReport(reportOf(study, task.round, of));
    const message = {
      study,
      round: task.round,
      slot: of,
      plan: task.plan,
      baseModel: task.baseModel,
      update: sha256(update),
      samples,
      dataset: task.plan,
      report: sha256(report),
    };
    const statement = encodeStatement({ message, signature: sign(keyOf(of), domain, 'Update', message) });
    for (const bytes of [update, report, statement]) await models.put([bytes], bytes.byteLength);
    const begin = { task: id, statement, report, length: update.byteLength, offset: 0 };
    const claim = readClaim(task, begin, clock.now(), domain);
    return acceptUpdate({ db }, claim, clock.now(), async (recordBy) => {
      const receipt = makeReceipt(coordinatorKey, domain, claim, recordBy);
      return (await models.put([receipt], receipt.byteLength)).digest;
    });
  }

  return {
    ...{ db, clock, ledger, anchor, models, studies, makeStudies, plan: checked.plan, wakes, aggregations, operator },
    ...{
      order,
      open,
      join,
      verdictOf,
      settle,
      over,
      held,
      offered,
      deliver,
      deliverTask,
      operatorKey,
      planHash: checked.hash,
    },
    addressOf: (member: number) => addressOf(keyOf(member)),
    /** Record of a round as it stands on chain. */
    recordOf: (study: StudyId, number: number) => ledger.records.get(study)?.[number - 1],
    /** Opened, joined by everybody, started, and in round 1. */
    async running(by: Studies = studies): Promise<StudyId> {
      const study = await open(by);
      join(study, ...Array.from({ length: members }, (_, i) => i + 1));
      await settle(study, by);
      return study;
    },
    close: () => db.destroy(),
  };
}

export type Rig = Awaited<ReturnType<typeof createRig>>;

async function initialInMemory(models: MemoryModels, plan: Pick<Plan, 'seed' | 'model'>, expected: Digest) {
  const model = initialModel(plan);
  if (sha256(model) !== expected) throw new SyndicError('WRONG_BASE', 'another initial model');
  await models.put([model], model.byteLength);
}

async function aggregateInMemory(models: MemoryModels, jobs: AggregationJob[], job: AggregationJob) {
  jobs.push(job);
  const chunks: Uint8Array[] = [];
  await aggregate({
    strategy: strategies[job.strategy.name],
    base: readerOf(models.bytes(job.base)),
    updates: job.updates.map(({ slot: of, weight, update }) => ({
      slot: of,
      weight,
      read: readerOf(models.bytes(update)),
    })),
    write: (chunk) => void chunks.push(chunk),
  });
  const stored = await models.put(chunks, Number.MAX_SAFE_INTEGER);
  return { global: stored.digest, length: stored.length };
}

async function settleOn(on: { db: Database; anchor: FakeAnchor }, study: StudyId, by: Studies): Promise<void> {
  for (let before = ''; ; ) {
    await by.advance(study);
    await on.anchor.tick();
    const now = await fingerprint(on.db);
    if (now === before) return;
    before = now;
  }
}

async function fingerprint(db: Database): Promise<string> {
  const studies = await db.selectFrom('studies').select(['id', 'state', 'model']).orderBy('id').execute();
  const rounds = await db.selectFrom('rounds').select(['round', 'state']).orderBy('round').execute();
  const outbox = await db.selectFrom('outbox').select(['id', 'state']).orderBy('id').execute();
  return JSON.stringify([studies, rounds, outbox]);
}

function reportOf(study: StudyId, round: number, of: Slot) {
  const figure = { value: 1 };
  const set = { rows: figure, positives: figure, negatives: figure, loss: figure, accuracy: figure, auroc: figure };
  return {
    schema: 'syndic.report/1' as const,
    salt: digest(`0x${'33'.repeat(32)}`),
    study,
    round,
    slot: of,
    steps: 1,
    runtime: { backend: 'cpu', threads: 1, library: 'none', platform: 'linux-x64' },
    metrics: { before: set, after: set },
  };
}
