import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../../coordinator/db/connect.ts';
import type { FleetModules } from '../../../coordinator/fleet/handlers.ts';
import { createFleet, type Fleet, type FleetOptions } from '../../../coordinator/fleet/server.ts';
import { createIntake } from '../../../coordinator/intake/intake.ts';
import { createFilesystemStore } from '../../../coordinator/models/filesystem.ts';
import type { ModelStore } from '../../../coordinator/models/port.ts';
import type { OfferedTask } from '../../../coordinator/studies/port.ts';
import { sign } from '../../../core/statements/sign.ts';
import { signVerdict } from '../../../core/statements/verdict.ts';
import { type Address, instant, round } from '../../../core/values.ts';
import { type Certificate, makeCertificate } from '../../../embedded/certificate.ts';
import { createSession } from '../../../worker/session/grpc.ts';
import type { SessionModules, SessionOptions } from '../../../worker/session/modules.ts';
import type { Session } from '../../../worker/session/port.ts';
import { FakeStudies } from '../../support/fakeStudies.ts';
import { type Relay, startRelay } from '../../support/relay.ts';
import { silentLog } from '../../support/silentLog.ts';
import { eventsOf, type StudyEvent, storedState } from '../../support/storedState.ts';
import {
  DEADLINE,
  type Member,
  RECORD_BY,
  ROUND,
  type SentUpdate,
  T0,
  TestConsortium,
} from '../../support/testConsortium.ts';

/** A coordinator's listener and its members' sessions in one process; studies and chain are what the test says. */
export class WireWorld {
  readonly consortium: TestConsortium;
  readonly studies = new FakeStudies();
  readonly models: ModelStore;
  readonly certificate: Certificate;
  /** Between every session and the listener. */
  relay!: Relay;
  fleet!: Fleet;
  readonly logged: { level: string; facts: object; message: string }[] = [];
  private readonly db: Database;
  private readonly dir: string;
  private readonly sessions: Session[] = [];

  private constructor(db: Database, dir: string, models: ModelStore, consortium: TestConsortium, tls: Certificate) {
    this.db = db;
    this.dir = dir;
    this.models = models;
    this.consortium = consortium;
    this.certificate = tls;
  }

  /** @param elements of the model's largest tensor, four bytes each */
  static async start(db: Database, elements?: number): Promise<WireWorld> {
    const dir = await mkdtemp(join(tmpdir(), 'syndic-wire-'));
    const consortium = new TestConsortium(elements);
    const models = await createFilesystemStore({ dir });
    await consortium.seed(db, models);
    const tls = await makeCertificate(['coordinator.example'], new Date(Date.now() - 60_000), 2);
    const world = new WireWorld(db, dir, models, consortium, tls);
    await world.startFleet();
    world.relay = await startRelay(() => world.fleet.port);
    return world;
  }

  async startFleet(more: Partial<FleetOptions> = {}, modules: Pick<FleetModules, 'calls'> = {}): Promise<void> {
    const { coordinator, coordinatorAccount, chain, clock } = this.consortium;
    const { cert, key } = this.certificate;
    const domain = { chainId: chain.chainId, ledger: chain.contracts.ledger };
    const log = (level: string) => (facts: object, message: string) => {
      this.logged.push({ level, facts, message });
    };
    const queue = { wake: async () => undefined };
    const shared = { db: this.db, chain, models: this.models, clock };
    const intake = createIntake({ coordinatorKey: coordinator.key, domain }, { ...shared, queue, log: silentLog });
    this.fleet = await createFleet(
      {
        host: '127.0.0.1',
        port: 0,
        cert,
        key,
        coordinatorAccount,
        privateKey: coordinator.key,
        domain,
        heartbeatSeconds: 1,
        maxChunkBytes: 256 * 1024,
        maxSessions: 10,
        pollMilliseconds: 50,
        ...more,
      },
      {
        ...shared,
        studies: this.studies,
        intake,
        log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
        ...modules,
      },
    );
  }

  async stop(): Promise<void> {
    for (const session of this.sessions) await session.close();
    await this.fleet.close(1);
    await this.relay.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** A member's worker dials in, through the relay. */
  dial(member: Member, options: Partial<SessionOptions> = {}, modules: Partial<SessionModules> = {}): Session {
    const { consortium } = this;
    const session = createSession(
      {
        identity: this.identity(),
        slot: member.slot,
        heartbeatSeconds: 0.05,
        backoff: { least: 10, most: 100 },
        ...options,
      },
      {
        key: {
          address: member.address,
          signLogin: async (message) => sign(member.key, consortium.domain, 'Login', message),
          signUpdate: async (message) => sign(member.key, consortium.domain, 'Update', message),
          signVerdict: async (contract, verdict) =>
            signVerdict(member.key, { ...consortium.domain, verifyingContract: contract }, verdict),
        },
        coordinatorKey: async (): Promise<Address> => consortium.coordinator.address,
        clock: () => consortium.now,
        log: silentLog,
        domain: consortium.domain,
        ...modules,
      },
    );
    this.sessions.push(session);
    return session;
  }

  identity() {
    const { pin } = this.certificate;
    return { target: `127.0.0.1:${this.relay.port}`, pin, coordinator: this.consortium.coordinatorAccount };
  }

  task(member: Member, more: Partial<OfferedTask> = {}): OfferedTask {
    return {
      id: member.task,
      kind: 'train',
      study: this.consortium.study,
      round: round(ROUND),
      slot: member.slot,
      plan: this.consortium.plan.hash,
      baseModel: this.consortium.base,
      opened: instant(T0),
      deadline: instant(DEADLINE),
      recordBy: instant(RECORD_BY),
      ...more,
    };
  }

  offer(task: OfferedTask): void {
    this.studies.offered.set(task.id, task);
    this.fleet.notify();
  }

  outgoing(member: Member, sent: SentUpdate) {
    const { update, statement, report, file } = sent;
    async function* open(from: number): AsyncGenerator<Uint8Array> {
      for (let at = from; at < file.length; at += 100_000) yield file.subarray(at, at + 100_000);
    }
    return { task: member.task, update, length: file.length, statement, report, open };
  }

  /** Bytes of unfinished uploads. */
  async held(): Promise<number> {
    const folder = join(this.dir, 'tmp');
    const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  /** Everything of the study that a refusal must leave as it was. */
  snapshot() {
    return storedState(this.db, this.dir, this.consortium.study);
  }

  events(): Promise<StudyEvent[]> {
    return eventsOf(this.db, this.consortium.study);
  }

  /** Sessions that the coordinator keeps of a member. */
  async kept({ address }: Member): Promise<number> {
    const rows = await this.db.selectFrom('sessions').select('token_hash').where('key', '=', address).execute();
    return rows.length;
  }
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
