import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { openAccount } from '../../../cli/chain/account.ts';
import { connectChain } from '../../../cli/chain/connectChain.ts';
import { invoke } from '../../../cli/chain/send.ts';
import { consortiumAbi, ledgerAbi } from '../../../coordinator/chain/abi.ts';
import { type Digest, fileName, type StudyId } from '../../../core/values.ts';
import { callSyndic } from '../../../embedded/callSyndic.ts';
import { asMember } from '../../../embedded/found.ts';
import { stop } from '../../../embedded/processes.ts';
import type { JournalEntry } from '../../../worker/journal/port.ts';
import { TestConsortium } from '../consortium.ts';
import { replaceDatabase } from '../replaceDatabase.ts';
import { until } from '../until.ts';

export const SLOTS = [1, 2, 3];
/** How the third hospital's worker is to be. wrong: it runs on rows that are not those of its anchored dataset. */
export type Third = 'well' | 'away' | 'wrong';

/** Milliseconds are spent on waiting for a heartbeat, so that it is as short as it can be. */
const QUICK = { POLL_SECONDS: '0.2', HEARTBEAT_SECONDS: '1', OUTBOX_SECONDS: '0.1' };

const COPY = 'copy';

/** A consortium of three hospitals, whose processes can be stopped, killed and started again; one study after another. */
export class CrashBox {
  readonly box: TestConsortium;
  #third: Third = 'well';
  /** Where the log of the coordinator that runs now begins, and how many of its stops were taken. */
  #logFrom = 0;
  #taken = 0;

  private constructor(box: TestConsortium) {
    this.box = box;
  }

  static async start(): Promise<CrashBox> {
    // Pure JavaScript loads fastest, and the work is small.
    const options = { hospitals: SLOTS.length, coordinatorEnv: QUICK, workerEnv: { BACKEND: 'cpu' } };
    return new CrashBox(await TestConsortium.start(options, { coordinator: false, workers: false }));
  }

  close(): Promise<void> {
    return this.box.close();
  }

  async startCoordinator(env: Readonly<Record<string, string>>): Promise<void> {
    this.#watchFromHere();
    await this.box.startCoordinator(env);
  }

  /** Resolves once the database is recovered. Until then the process that does it is the coordinator. */
  async recover(env: Readonly<Record<string, string>>): Promise<void> {
    this.#watchFromHere();
    const { ended } = await this.box.consortium.startRecovery(env);
    const { code, signal } = await ended;
    if (code !== 0) throw new Error(`the recovery ended with ${signal ?? code}: see ${this.logFile}`);
  }

  #watchFromHere(): void {
    const { logFile } = this;
    this.#logFrom = existsSync(logFile) ? statSync(logFile).size : 0;
    this.#taken = 0;
  }

  /** Starts and ends workers until they are as wanted. */
  async arrangeWorkers(third: Third): Promise<void> {
    if (third !== this.#third) await this.killWorkers([3]);
    this.#third = third;
    const wrong = { DATA_FILE: this.box.member(2).site.data };
    await Promise.all(
      SLOTS.filter((slot) => !this.#runs(slot) && !(slot === 3 && third === 'away')).map((slot) =>
        this.box.startWorker(slot, slot === 3 && third === 'wrong' ? wrong : {}),
      ),
    );
  }

  /** Kill -9. Those that do not run are left as they are. */
  async killWorkers(slots: readonly number[] = SLOTS): Promise<void> {
    for (const slot of slots.filter((one) => this.#runs(one))) {
      this.box.worker(slot).child.kill('SIGKILL');
      await this.box.worker(slot).ended;
    }
  }

  signalWorkers(slots: readonly number[], signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const slot of slots) if (this.#runs(slot)) this.box.worker(slot).child.kill(signal);
  }

  #runs(slot: number): boolean {
    const worker = this.box.workers.get(slot);
    return worker !== undefined && worker.child.exitCode === null && worker.child.signalCode === null;
  }

  /** The point at which the coordinator stands stopped, once for each stop; null while it runs. */
  async stoppedAt(): Promise<string | null> {
    const log = readFileSync(this.logFile).subarray(this.#logFrom).toString('utf8');
    const points = [...log.matchAll(/^\{"crash":"([^"]+)","signal":"SIGSTOP"\}$/gm)].map(([, point]) => point ?? '');
    const point = points[this.#taken];
    if (point === undefined) return null;
    this.#taken += 1;
    // The line is written first: to be woken up before it sleeps would be lost on it.
    await until(() => stateOf(this.box.coordinator.pid).startsWith('T'));
    return point;
  }

  continueCoordinator(): void {
    this.box.coordinator.child.kill('SIGCONT');
  }

  async killCoordinator(): Promise<void> {
    this.box.coordinator.child.kill('SIGKILL');
    await this.box.coordinator.ended;
  }

  /** Ends it as an operator would, stopped or not; there may be none. */
  async stopCoordinator(): Promise<void> {
    const { coordinator } = this.box.consortium;
    coordinator?.child.kill('SIGCONT');
    if (coordinator !== null) await stop(coordinator);
  }

  get logFile(): string {
    return this.box.consortium.coordinatorLog;
  }

  get temporaries(): string {
    return join(this.box.consortium.modelsDir, 'tmp');
  }

  /** What killed workers leave half-written; downloads that broke off are kept, to be gone on with. */
  workersTemporaries(): string[] {
    return SLOTS.flatMap((slot) => {
      const dir = join(this.box.member(slot).dir, 'worker');
      const files = readdirSync(dir, { recursive: true, encoding: 'utf8' });
      return files.filter((name) => name.endsWith('.tmp')).map((name) => join(dir, name));
    });
  }

  /** What a member's worker has put on record about a study: nothing, if it never did anything. */
  journal(slot: number, study: StudyId): JournalEntry[] {
    const path = join(this.journalDir(slot), 'journal.jsonl');
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as JournalEntry).filter((entry) => entry.study === study);
  }

  journalDir(slot: number): string {
    return join(this.box.member(slot).dir, 'worker', 'journal');
  }

  /** Keeps the database as it is, for `putCopyBack`. */
  async copyDatabase(): Promise<void> {
    await replaceDatabase(this.#databaseUrl, COPY, this.#databaseName);
  }

  async putCopyBack(): Promise<void> {
    await replaceDatabase(this.#databaseUrl, this.#databaseName, COPY);
  }

  /** Takes a file out of the coordinator's store. */
  loseFile(digest: Digest): void {
    rmSync(join(this.box.consortium.modelsDir, fileName(digest)));
  }

  /** The database as another coordinator process would see and change it. */
  async sql(text: string, ...values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.#databaseUrl });
    await client.connect();
    try {
      return (await client.query(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** The study under way, or the one that was last: there is one at a time. */
  async study(): Promise<StudyId> {
    const [row] = await this.sql(`SELECT id FROM studies ORDER BY state = 'closed', opened_at DESC LIMIT 1`);
    return row?.id as StudyId;
  }

  get #databaseUrl(): string {
    return this.box.consortium.services.database.url;
  }

  get #databaseName(): string {
    return new URL(this.#databaseUrl).pathname.slice(1);
  }

  async rpc(method: string, params: readonly unknown[] = []): Promise<unknown> {
    const chain = await connectChain(this.box.consortium.rpcUrl);
    try {
      return await chain.rpc.request(method, [...params]);
    } finally {
      chain.close();
    }
  }

  async grant(slots: readonly number[], study: StudyId, plan: string): Promise<void> {
    await Promise.all(slots.map((slot) => this.box.consortium.grant(this.box.member(slot), study, plan)));
  }

  async revoke(slots: readonly number[], study: StudyId): Promise<void> {
    const { rpcUrl } = this.box.consortium;
    await Promise.all(
      slots.map((slot) => callSyndic('member', 'revoke', study, ...asMember(this.box.member(slot), rpcUrl))),
    );
  }

  /** The operator starts the study on chain itself. */
  async startOnChain(study: StudyId): Promise<void> {
    const { deployment, operator } = this.box.consortium;
    await this.#invoke(operator, { abi: ledgerAbi, address: deployment.ledger }, 'startStudy', [study]);
  }

  /** The admin takes the operator's role, or gives it back. */
  async setOperator(listed: boolean): Promise<void> {
    const { deployment, operator, dir } = this.box.consortium;
    const admin = { keystore: join(dir, 'admin', 'account.json'), passphraseFile: join(dir, 'admin', 'passphrase') };
    const contract = { abi: consortiumAbi, address: deployment.consortium };
    const role = await this.#read(contract, 'OPERATOR_ROLE');
    await this.#invoke(admin, contract, listed ? 'grantRole' : 'revokeRole', [role, operator.address]);
  }

  async #invoke(
    account: { readonly keystore: string; readonly passphraseFile: string },
    contract: Parameters<typeof invoke>[2],
    method: string,
    args: readonly unknown[],
  ): Promise<void> {
    const chain = await connectChain(this.box.consortium.rpcUrl);
    try {
      await invoke(chain.provider, await openAccount(account), contract, method, args);
    } finally {
      chain.close();
    }
  }

  async #read(contract: Parameters<typeof invoke>[2], method: string): Promise<unknown> {
    const data = contract.abi.encodeFunctionData(method, []);
    const answer = await this.rpc('eth_call', [{ to: contract.address, data }, 'latest']);
    return contract.abi.decodeFunctionResult(method, String(answer))[0];
  }
}

function stateOf(pid: number): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}
