import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SyndicError } from '../core/errors/SyndicError.ts';
import type { Slot } from '../core/values.ts';
import type { Account } from './accounts.ts';
import { type Services, type StartChain, startServices } from './Box.ts';
import { callSyndic } from './callSyndic.ts';
import { asMember, DATASET, type Deployment, type Founded, found, type Member } from './found.ts';
import { type Started, start, stop } from './processes.ts';
import { LAUNCHED, LAUNCHER, NODE_FLAGS, runSyndic } from './runSyndic.ts';
import type { Site } from './sites.ts';

export interface ConsortiumOptions {
  readonly dir: string;
  readonly sites: readonly Site[];
  /** The plan whose columns say what a row of the datasets is. */
  readonly plan: string;
  /** Told what is being done, a line each. */
  readonly tell: (line: string) => void;
  /** More environment for the coordinator process; tests shorten its clocks with it. */
  readonly coordinatorEnv?: Readonly<Record<string, string>>;
  readonly workerEnv?: Readonly<Record<string, string>>;
  /** Left out: an Anvil of its own. */
  readonly startChain?: StartChain;
}

/**
 * A consortium in a box: database, chain, contracts, members, one coordinator process and a worker process for every
 * hospital. Everything that a person would do it does with the commands that a person would use.
 */
export class Consortium {
  readonly dir: string;
  readonly services: Services;
  readonly deployment: Deployment;
  readonly operator: Account;
  readonly members: readonly Member[];
  readonly profile: string;
  /** The newest process of it, running or ended; also one that recovers. */
  coordinator: Started | null = null;
  private readonly options: ConsortiumOptions;
  private readonly coordinatorAccount: Account;
  private readonly workers = new Map<Slot, Started>();
  private stopping = false;
  private migrated = false;

  private constructor(options: ConsortiumOptions, made: Founded & { services: Services }) {
    this.options = options;
    this.dir = options.dir;
    this.services = made.services;
    this.deployment = made.deployment;
    this.operator = made.operator;
    this.coordinatorAccount = made.coordinatorAccount;
    this.members = made.members;
    this.profile = made.profile;
  }

  /** Makes what is missing in `dir` and starts the services; the processes are started one by one. */
  static async prepare(options: ConsortiumOptions): Promise<Consortium> {
    await mkdir(options.dir, { recursive: true });
    options.tell('starting PostgreSQL and an Ethereum chain');
    const services = await startServices(options.dir, options.startChain);
    try {
      return new Consortium(options, { services, ...(await found(options, services)) });
    } catch (error) {
      await services.stop();
      throw error;
    }
  }

  get rpcUrl(): string {
    return this.services.chain.rpcUrl;
  }

  get modelsDir(): string {
    return join(this.dir, 'coordinator', 'models');
  }

  get coordinatorLog(): string {
    return join(this.dir, 'logs', 'coordinator.log');
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.services.settings.httpPort}`;
  }

  /** Migrates the database, starts the coordinator process and waits until it is ready. */
  async startCoordinator(extraEnv: Readonly<Record<string, string>> = {}): Promise<Started> {
    const env = { ...this.coordinatorEnv(), ...extraEnv };
    // Once: whoever starts a coordinator again starts this version of it.
    if (!this.migrated) await runSyndic(['coordinator', 'migrate'], env);
    this.migrated = true;
    const started = await this.launchCoordinator('run', env);
    await this.untilReady(started);
    return started;
  }

  /** Migrates the database, which may be another one by now, and starts a process that recovers it. */
  async startRecovery(extraEnv: Readonly<Record<string, string>> = {}): Promise<Started> {
    const env = { ...this.coordinatorEnv(), ...extraEnv };
    await runSyndic(['coordinator', 'migrate'], env);
    return await this.launchCoordinator('recover', env);
  }

  async startWorkers(): Promise<void> {
    await Promise.all(this.members.map((member) => this.startWorker(member)));
  }

  async startWorker(member: Member, extraEnv: Readonly<Record<string, string>> = {}): Promise<Started> {
    const { site, slot } = member;
    const env = { ...process.env, ...this.workerEnv(member), ...extraEnv };
    const logFile = join(this.dir, 'logs', `worker-${site.name}.log`);
    const started = await this.launch(`worker of ${site.name}`, ['worker', 'run'], env, logFile);
    this.workers.set(slot, started);
    return started;
  }

  /** What a member's worker is configured with. */
  workerEnv({ site, dir, account }: Member): Record<string, string> {
    return {
      WORKER_DIR: join(dir, 'worker'),
      KEYSTORE_PASSPHRASE_FILE: account.passphraseFile,
      CHAIN_RPC_URL: this.rpcUrl,
      DATA_FILE: site.data,
      ...(site.split === undefined ? {} : { SPLIT_FILE: site.split }),
      ...this.options.workerEnv,
    };
  }

  /** The member's account allows its dataset to be used in a study under this plan. */
  async grant(member: Member, study: string, plan: string, days = 30): Promise<void> {
    const consent = ['--plan', plan, '--dataset', DATASET, '--days', String(days), '--yes'];
    await callSyndic('member', 'grant', study, ...consent, ...asMember(member, this.rpcUrl));
  }

  /** Ends processes in the order in which they need each other, then the services. None is started from here on. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.workers.values()].map((worker) => stop(worker)));
    if (this.coordinator) await stop(this.coordinator);
    await this.services.stop();
  }

  /** Rejects when the coordinator or a worker ends by itself: it was to stay. */
  async untilOneEnds(): Promise<never> {
    const running = [...this.workers.values(), ...(this.coordinator ? [this.coordinator] : [])];
    const [name, end] = await Promise.race(
      running.map(async (started) => [started.name, await started.ended] as const),
    );
    const how = end.signal ?? `exit code ${end.code}`;
    throw new SyndicError('RUN_FAILED', `the ${name} ended (${how}): see ${join(this.dir, 'logs')}`, { name, ...end });
  }

  private async launchCoordinator(verb: 'run' | 'recover', env: NodeJS.ProcessEnv): Promise<Started> {
    this.coordinator = await this.launch('coordinator', ['coordinator', verb], env, this.coordinatorLog);
    return this.coordinator;
  }

  /** A process that ends with this one: a database and a chain may wait for the next start, nobody else has to. */
  private async launch(name: string, command: string[], env: NodeJS.ProcessEnv, logFile: string): Promise<Started> {
    this.checkWanted();
    const args = [...NODE_FLAGS, '--tls-min-v1.3', LAUNCHER, ...command];
    const options = { env: { ...env, ...LAUNCHED }, logFile, channel: true };
    const started = await start(name, process.execPath, args, options);
    if (this.stopping) await stop(started, 'SIGKILL');
    this.checkWanted();
    return started;
  }

  private checkWanted(): void {
    if (this.stopping) throw new SyndicError('RUN_FAILED', 'the consortium is being stopped');
  }

  /** What `syndic coordinator …` is configured with. */
  coordinatorEnv(): NodeJS.ProcessEnv {
    const { settings, database } = this.services;
    const dir = join(this.dir, 'coordinator');
    return {
      ...process.env,
      DATABASE_URL: database.url,
      MODELS_DIR: this.modelsDir,
      CHAIN_RPC_URL: this.rpcUrl,
      CHAIN_ID: String(this.deployment.chainId),
      CONSORTIUM_ADDRESS: this.deployment.consortium,
      DATA_USE_ADDRESS: this.deployment.dataUse,
      LEDGER_ADDRESS: this.deployment.ledger,
      FINALITY: 'instant',
      COORDINATOR_ACCOUNT: this.coordinatorAccount.address,
      COORDINATOR_KEYSTORE_FILE: join(dir, 'coordinator-key.json'),
      COORDINATOR_KEYSTORE_PASSPHRASE_FILE: this.coordinatorAccount.passphraseFile,
      GRPC_HOST: '127.0.0.1',
      GRPC_PORT: String(settings.grpcPort),
      TLS_CERT_FILE: join(dir, 'tls-cert.pem'),
      TLS_KEY_FILE: join(dir, 'tls-key.pem'),
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(settings.httpPort),
      // Any free one; the log says which.
      METRICS_PORT: '0',
      ...this.options.coordinatorEnv,
    };
  }

  private async untilReady(started: Started): Promise<void> {
    const deadline = Date.now() + 180_000;
    let over = false;
    void started.ended.then(() => {
      over = true;
    });
    while (!(await answersReady(this.httpUrl))) {
      if (over || Date.now() > deadline) {
        const tail = (await readFile(this.coordinatorLog, 'utf8')).trim().split('\n').slice(-3).join('\n');
        throw new SyndicError(
          'DEPENDENCY_UNAVAILABLE',
          `the coordinator is not ready: see ${this.coordinatorLog}\n${tail}`,
        );
      }
      await sleep(100);
    }
  }
}

async function answersReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    // Nothing listens there yet.
    return false;
  }
}
