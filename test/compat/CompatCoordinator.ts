import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createThreadedAggregator } from '../../coordinator/aggregation/threads.ts';
import type { Database } from '../../coordinator/db/connect.ts';
import { createFleet, type Fleet } from '../../coordinator/fleet/server.ts';
import { createIntake } from '../../coordinator/intake/intake.ts';
import { createFilesystemStore } from '../../coordinator/models/filesystem.ts';
import type { Log } from '../../coordinator/modules.ts';
import { Studies } from '../../coordinator/studies/Studies.ts';
import { initialDigest } from '../../core/model/initialModel.ts';
import { checkPlanValue } from '../../core/plan/checkPlan.ts';
import { addressOf, sign } from '../../core/statements/sign.ts';
import { domain as domainOf } from '../../core/statements/types.ts';
import { type Digest, digest, type Instant, type StudyId, slot } from '../../core/values.ts';
import { makeCertificate } from '../../embedded/certificate.ts';
import { silentLog } from '../support/silentLog.ts';
import { FakeAnchor } from '../support/studies/FakeAnchor.ts';
import { FakeLedger } from '../support/studies/FakeLedger.ts';
import { planWith } from '../unit/core/plan/samplePlan.ts';

/** Slots of the members that take part in every study. */
export const SLOTS = [1, 2, 3] as const;
export const SAMPLES = 100;
/** Unix seconds at which everything here happens. */
const NOW = 1_800_000_000;
const DAY = 86_400;
const keyOf = (of: number): Digest => digest(`0x${String(of).padStart(64, '5')}`);
const coordinatorKey = keyOf(900);
const operatorKey = keyOf(901);

/**
 * Today's coordinator over a database that may be an old one: its studies, intake, listener, store and aggregation.
 * The ledger is in memory, and made anew from the transactions that the database says are final.
 */
export class CompatCoordinator {
  readonly studies: Studies;
  readonly ledger: FakeLedger;
  readonly #anchor: FakeAnchor;
  readonly #fleet: Fleet;
  readonly #certificate: string;
  readonly #folder: string;
  readonly #close: () => Promise<void>;

  private constructor(parts: {
    studies: Studies;
    ledger: FakeLedger;
    anchor: FakeAnchor;
    fleet: Fleet;
    certificate: string;
    folder: string;
    close: () => Promise<void>;
  }) {
    this.studies = parts.studies;
    this.ledger = parts.ledger;
    this.#anchor = parts.anchor;
    this.#fleet = parts.fleet;
    this.#certificate = parts.certificate;
    this.#folder = parts.folder;
    this.#close = parts.close;
  }

  /** @param files of the store, by name */
  static async start(
    db: Database,
    files: Readonly<Record<string, Uint8Array>> = {},
    log: Log = silentLog,
  ): Promise<CompatCoordinator> {
    const folder = await mkdtemp(join(tmpdir(), 'syndic-compat-'));
    const dir = join(folder, 'models');
    await mkdir(dir);
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(dir, name), bytes);
    const models = await createFilesystemStore({ dir });
    const clock = { now: () => NOW as Instant };
    const ledger = await ledgerOf(db, clock);
    const anchor = new FakeAnchor(db, ledger, clock);
    const coordinatorAccount = addressOf(coordinatorKey);
    const domain = { chainId: ledger.chainId, ledger: ledger.contracts.ledger };
    const aggregator = createThreadedAggregator({ store: { kind: 'filesystem', dir } }, { models });
    const queue = { wake: async () => undefined };
    const shared = { db, chain: ledger, models, queue, clock, log };
    const options = { coordinatorAccount, leaseSeconds: 60, maxUnfinished: 100 };
    const studies = new Studies(options, { ...shared, anchor, aggregator });
    const intake = createIntake({ coordinatorKey, domain }, shared);
    const { cert, key } = await makeCertificate(['coordinator.example'], new Date(Date.now() - 60_000), 2);
    const limits = { heartbeatSeconds: 20, maxChunkBytes: 256 * 1024, maxSessions: 10, pollMilliseconds: 20 };
    const fleet = await createFleet(
      { host: '127.0.0.1', port: 0, cert, key, coordinatorAccount, privateKey: coordinatorKey, domain, ...limits },
      { ...shared, studies, intake },
    );
    const close = async () => {
      await fleet.close(1);
      await aggregator.close();
      await rm(folder, { recursive: true });
    };
    return new CompatCoordinator({ studies, ledger, anchor, fleet, certificate: cert, folder, close });
  }

  /** Opens a study of two rounds, which every member joins, and starts its first. @param salt two hex digits */
  async run(salt: string): Promise<StudyId> {
    const plan = checkPlanValue(
      planWith(['quorum', 2], ['startAt', 3], ['rounds', 2], ['roundSeconds', 600], ['weighting', 'uniform']),
    );
    const message = {
      plan: plan.hash,
      initialModel: initialDigest(plan.plan),
      coordinator: addressOf(coordinatorKey),
      minIncluded: plan.plan.quorum,
      salt: digest(`0x${salt.repeat(32)}`),
    };
    const signature = sign(operatorKey, this.#domain(), 'OpenStudy', message);
    const order = { ...message, operator: addressOf(operatorKey), plan: plan.bytes, signature };
    const study = await this.studies.open(order);
    await this.settle(study);
    joinAll(this.ledger, study);
    await this.settle(study);
    return study;
  }

  /** Takes a study as far as it goes without its members. */
  async settle(study: StudyId): Promise<void> {
    for (let before = ''; ; ) {
      await this.studies.advance(study);
      await this.#anchor.tick();
      const now = JSON.stringify(await this.studies.show(study));
      if (now === before) break;
      before = now;
    }
    this.#fleet.notify();
  }

  /** What a worker of one of the members needs to know. */
  worker(of: number) {
    return {
      target: `127.0.0.1:${this.#fleet.port}`,
      certificate: this.#certificate,
      domain: { chainId: BigInt(this.ledger.chainId), ledger: this.ledger.contracts.ledger },
      coordinatorKey: addressOf(coordinatorKey),
      slot: of,
      key: keyOf(of),
      dataset: versionOf(of),
      samples: SAMPLES,
    };
  }

  /** The store's files, by name. */
  async files(): Promise<Record<string, Uint8Array>> {
    const dir = join(this.#folder, 'models');
    const names = (await readdir(dir)).filter((name) => name !== 'tmp').sort();
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name))])));
  }

  close(): Promise<void> {
    return this.#close();
  }

  #domain() {
    return domainOf(this.ledger.chainId, this.ledger.contracts.ledger);
  }
}

async function ledgerOf(db: Database, clock: { now: () => Instant }): Promise<FakeLedger> {
  const ledger = new FakeLedger(clock);
  ledger.admit(SLOTS.map((of) => addressOf(keyOf(of))));
  ledger.operators.add(addressOf(operatorKey));
  const said = await db
    .selectFrom('outbox')
    .select(['study', 'kind', 'calldata'])
    .where('state', '=', 'final')
    .orderBy('id')
    .execute();
  for (const { study, kind, calldata } of said) {
    ledger.apply(calldata);
    if (kind === 'open') joinAll(ledger, digest(study));
  }
  return ledger;
}

function joinAll(ledger: FakeLedger, study: StudyId): void {
  for (const of of SLOTS) {
    ledger.grantTo(study, slot(of), NOW + DAY);
    const dataset = ledger.grants.get(`${study}/${of}`)?.dataset;
    ledger.versions.set(`${of}/${dataset}/${versionOf(of)}`, 512);
  }
}

function versionOf(of: number): Digest {
  return digest(`0x${String(of).padStart(64, 'd')}`);
}
