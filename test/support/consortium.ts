import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckedHistory } from '../../audit/history.ts';
import { CoordinatorClient } from '../../cli/http/CoordinatorClient.ts';
import { parsePlanText } from '../../core/plan/parsePlanText.ts';
import type { StudyId } from '../../core/values.ts';
import type { StartChain } from '../../embedded/Box.ts';
import { Consortium, type ConsortiumOptions } from '../../embedded/Consortium.ts';
import { prepare } from '../../embedded/demo/prepare.ts';
import type { Member } from '../../embedded/found.ts';
import { type Started, sendSignal, stop } from '../../embedded/processes.ts';
import type { Site } from '../../embedded/sites.ts';
import { type Closed, grantAll, historyOf, openStudy, untilClosed } from '../../embedded/study.ts';

export interface TestConsortiumOptions {
  /** Folder of the UCI Heart Disease files; left out: synthetic rows. */
  readonly data?: string;
  /** A plan whose columns say what a row of the datasets is; left out: the example's for the data. */
  readonly plan?: string;
  /** How many hospitals take part: the four, and then others with rows of theirs; left out: four. */
  readonly hospitals?: number;
  readonly coordinatorEnv?: Readonly<Record<string, string>>;
  readonly workerEnv?: Readonly<Record<string, string>>;
  /** Left out: an Anvil of its own. */
  readonly startChain?: StartChain;
}

export interface StudyRun extends Closed {
  readonly study: StudyId;
  readonly history: CheckedHistory;
}

/**
 * A consortium in a temporary folder, its coordinator and workers processes of their own, for tests from end to end.
 * Founding one takes some twenty processes, so that one serves the studies of a whole test file: their plans may
 * differ in all but the columns, which the anchored datasets were made with.
 *
 * @example
 * const box = await TestConsortium.start();               // in beforeAll, with minutes to spare
 * const plan = await box.writePlan({ rounds: 2, seed: 7 });
 * const { detail, history } = await box.runStudy(plan);
 * await box.close();                                      // in afterAll
 */
export class TestConsortium {
  readonly dir: string;
  readonly consortium: Consortium;
  /** The plan that it was founded with. */
  readonly planFile: string;
  /** The newest process of each, running or ended. */
  readonly workers = new Map<number, Started>();
  #client: CoordinatorClient | null = null;
  #plans = 0;

  private constructor(dir: string, consortium: Consortium, planFile: string) {
    this.dir = dir;
    this.consortium = consortium;
    this.planFile = planFile;
  }

  /** Founds it and starts the services; coordinator and workers too, but for those that the caller will start itself. */
  static async start(
    options: TestConsortiumOptions = {},
    starting: { readonly coordinator?: boolean; readonly workers?: boolean } = {},
  ): Promise<TestConsortium> {
    const dir = await mkdtemp(join(tmpdir(), 'syndic-e2e-'));
    let made: TestConsortium | null = null;
    try {
      made = await TestConsortium.#found(dir, options);
      if (starting.coordinator !== false) await made.startCoordinator();
      if (starting.coordinator !== false && starting.workers !== false) await made.startWorkers();
      return made;
    } catch (error) {
      await (made === null ? rm(dir, { recursive: true, force: true }) : made.close());
      throw error;
    }
  }

  static async #found(dir: string, options: TestConsortiumOptions): Promise<TestConsortium> {
    const { data, plan, hospitals, coordinatorEnv = {}, workerEnv = {}, startChain } = options;
    const given = { ...(data === undefined ? {} : { data }), ...(plan === undefined ? {} : { plan }) };
    const { sites, planFile } = await prepare({ ...given, workdir: dir });
    const founding: ConsortiumOptions = {
      ...{ dir, sites: sitesOf(sites, hospitals ?? sites.length), plan: planFile, coordinatorEnv },
      // As fast for models as small as these, and much sooner ready than TensorFlow's own library.
      workerEnv: { BACKEND: 'wasm', ...workerEnv },
      tell: () => undefined,
      ...(startChain === undefined ? {} : { startChain }),
    };
    return new TestConsortium(dir, await Consortium.prepare(founding), planFile);
  }

  get coordinator(): Started {
    const { coordinator } = this.consortium;
    if (coordinator === null) throw new Error('the coordinator has not been started');
    return coordinator;
  }

  member(slot: number): Member {
    const member = this.consortium.members.find((one) => one.slot === slot);
    if (member === undefined) throw new Error(`there is no slot ${slot}`);
    return member;
  }

  worker(slot: number): Started {
    const worker = this.workers.get(slot);
    if (worker === undefined) throw new Error(`the worker of slot ${slot} has not been started`);
    return worker;
  }

  /** Starts it, or starts it again after it has ended; resolves when it is ready. */
  async startCoordinator(env: Readonly<Record<string, string>> = {}): Promise<Started> {
    return await this.consortium.startCoordinator(env);
  }

  async startWorkers(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await Promise.all(this.consortium.members.map(({ slot }) => this.startWorker(slot, env)));
  }

  async startWorker(slot: number, env: Readonly<Record<string, string>> = {}): Promise<Started> {
    const started = await this.consortium.startWorker(this.member(slot), env);
    this.workers.set(slot, started);
    return started;
  }

  async stopCoordinator(): Promise<void> {
    await stop(this.coordinator);
  }

  async stopWorkers(): Promise<void> {
    await Promise.all([...this.workers.values()].map((worker) => stop(worker)));
  }

  /** The operator's session with the coordinator. */
  async client(): Promise<CoordinatorClient> {
    this.#client ??= await CoordinatorClient.logIn({ profile: this.consortium.profile });
    return this.#client;
  }

  /** A plan file, as `from` (YAML or JSON) with other fields. @returns its path */
  async writePlan(changes: object, from: string = this.planFile): Promise<string> {
    const plan = parsePlanText(await readFile(from, 'utf8'), from.endsWith('.json') ? 'json' : 'yaml') as object;
    this.#plans += 1;
    const path = join(this.dir, `plan-${this.#plans}.json`);
    await writeFile(path, `${JSON.stringify({ ...plan, ...changes }, null, 2)}\n`);
    return path;
  }

  /** Opens a study and lets every member grant its dataset to it. */
  async openStudy(planFile: string): Promise<StudyId> {
    const study = await openStudy(this.consortium, await this.client(), planFile);
    await grantAll(this.consortium, study, planFile);
    return study;
  }

  /** Follows a study until it is closed, and reads its history from the chain. Waits for processes that are away. */
  async follow(study: StudyId): Promise<StudyRun> {
    const closed = await untilClosed(await this.client(), study);
    return { ...closed, study, history: await historyOf(this.consortium, study) };
  }

  /** A whole study; rejects when a process ends meanwhile. */
  async runStudy(planFile: string): Promise<StudyRun> {
    const run = async () => await this.follow(await this.openStudy(planFile));
    return await Promise.race([run(), this.consortium.untilOneEnds()]);
  }

  /** Ends every process and removes every file. */
  async close(): Promise<void> {
    const { coordinator } = this.consortium;
    const started = [...this.workers.values(), ...(coordinator === null ? [] : [coordinator])];
    // One that a test put to sleep would not hear that it is to end.
    for (const { pid } of started) sendSignal(pid, 'SIGCONT');
    try {
      await this.consortium.stop();
    } finally {
      await rm(this.dir, { recursive: true, force: true });
    }
  }
}

function sitesOf(sites: readonly Site[], count: number): Site[] {
  return Array.from({ length: count }, (_, i) => {
    const site = sites[i % sites.length];
    if (site === undefined) throw new RangeError('no hospital has rows');
    return i < sites.length ? site : { ...site, name: `${site.name}-${i + 1}` };
  });
}
