import { randomBytes } from 'node:crypto';
import type { Database } from '../../coordinator/db/connect.ts';
import type { ModelStore } from '../../coordinator/models/port.ts';
import type { Clock } from '../../coordinator/modules.ts';
import { encodeReport, type Report } from '../../core/manifest/Report.ts';
import { checkPlan } from '../../core/plan/checkPlan.ts';
import { sha256 } from '../../core/sha256.ts';
import { encodeStatement } from '../../core/statements/documents.ts';
import { addressOf, sign } from '../../core/statements/sign.ts';
import { type Domain, domain, type UpdateMessage } from '../../core/statements/types.ts';
import { encodeFile, type NamedTensor } from '../../core/tensors/file.ts';
import {
  type Address,
  address,
  bytesToHex,
  type Digest,
  digest,
  type Instant,
  instant,
  round,
  type Slot,
  slot,
} from '../../core/values.ts';
import { FakeChain } from './fakeChain.ts';

export interface Person {
  /** Private key, 0x-hex. */
  readonly key: `0x${string}`;
  readonly address: Address;
}

export interface Member extends Person {
  readonly slot: Slot;
  readonly dataset: Digest;
  readonly version: Digest;
  /** Its task in round `ROUND`. */
  readonly task: string;
}

/** What a worker would send. */
export interface SentUpdate {
  readonly file: Uint8Array;
  readonly update: Digest;
  readonly message: UpdateMessage;
  readonly statement: Uint8Array;
  readonly report: Uint8Array;
}

export interface UpdateChanges {
  readonly message?: Partial<UpdateMessage>;
  readonly report?: Partial<Report>;
  readonly file?: Uint8Array;
  readonly signer?: `0x${string}`;
  readonly domain?: Domain;
}

export const ROUND = 3;
export const T0 = 1_800_000_000;
export const DEADLINE = T0 + 600;
export const RECORD_BY = DEADLINE + 86_400;
export const VERSION_ROWS = 512;
export const MAX_SAMPLES = 300;

const PLAN = (name: string) => `
schema: syndic.plan/1
name: ${name}
purpose: { duo: DUO:0000042, modifiers: [], description: tests }
ethics: { approval: none, body: none }
controller: each hospital
seed: 7
model: { kind: logistic }
data:
  format: { kind: csv, header: true, delimiter: ',', missing: ['?'] }
  columns: [{ name: a, type: number }, { name: b, type: number }, { name: y, type: number }]
  features: [{ column: a, encode: number }, { column: b, encode: number }]
  normalise: { kind: none }
  label: { column: y, kind: binary, above: 0 }
split: { kind: fraction, test: 0.25 }
training: { loss: binaryCrossentropy, optimizer: { name: sgd, learningRate: 0.1 }, batchSize: 4, localSteps: 10 }
rounds: 5
quorum: 2
roundSeconds: 600
weighting: capped
maxSamples: ${MAX_SAMPLES}
`;

export function person(): Person {
  const key = bytesToHex(randomBytes(32));
  return { key, address: addressOf(key) };
}

export function randomDigest(): Digest {
  return digest(bytesToHex(randomBytes(32)));
}

/** One study of two members in a round that collects updates: on a fake chain, in a database, in a store. */
export class TestConsortium {
  readonly chain = new FakeChain();
  readonly coordinator = person();
  readonly coordinatorAccount = person().address;
  readonly domain = domain(this.chain.chainId, this.chain.contracts.ledger);
  readonly study = randomDigest();
  /** Its own: no other study has these bytes. */
  readonly plan = checkPlan(PLAN(`test-${randomBytes(8).toString('hex')}`), 'yaml');
  readonly baseTensors: readonly NamedTensor[];
  readonly base: Digest;
  readonly members: readonly [Member, Member];
  now: Instant = instant(T0 + 10);
  readonly clock: Clock = { now: () => this.now };
  private readonly baseFile: Uint8Array;

  /** @param elements values of the model's largest tensor */
  constructor(elements = 2) {
    this.baseTensors = [tensor('logit/bias', 1), tensor('logit/kernel', elements)];
    this.baseFile = encodeFile(this.baseTensors);
    this.base = sha256(this.baseFile);
    this.members = [this.member(1), this.member(2)];
    const time = instant(T0 - 100);
    this.chain.studies.set(this.study, {
      id: this.study,
      operator: person().address,
      coordinator: this.coordinatorAccount,
      minIncluded: 2,
      outcome: 0,
      started: true,
      openedAt: instant(T0 - 1000),
      lastRound: ROUND - 1,
      plan: this.plan.hash,
      initialModel: this.base,
      model: this.base,
      head: randomDigest(),
    });
    this.chain.records.set(this.study, [
      {
        round: round(ROUND - 1),
        outcome: 1,
        baseModel: this.base,
        globalModel: this.base,
        manifest: randomDigest(),
        recordHash: randomDigest(),
        head: randomDigest(),
        transaction: randomDigest(),
        block: { number: 9, hash: randomDigest(), timestamp: time },
        gasUsed: 1,
        entries: [],
      },
    ]);
    this.chain.keys.set(this.coordinator.address, {
      key: this.coordinator.address,
      owner: this.coordinatorAccount,
      slot: null,
      validFrom: instant(1),
      validTo: null,
      compromised: false,
    });
  }

  /** Writes study, round and tasks as the studies room would. */
  async seed(db: Database, models: ModelStore): Promise<void> {
    await models.put([this.plan.bytes], this.plan.bytes.length);
    await models.put([this.baseFile], this.baseFile.length);
    await db
      .insertInto('studies')
      .values({
        id: this.study,
        plan: this.plan.hash,
        name: 'test',
        initial_model: this.base,
        model: this.base,
        operator: address(`0x${'0e'.repeat(20)}`),
        coordinator: this.coordinatorAccount,
        min_included: 2,
        salt: randomDigest(),
        state: 'running',
        abort_reason: null,
        start_ordered_by: null,
        outcome: null,
        opened_at: T0 - 1000,
      })
      .execute();
    await db
      .insertInto('rounds')
      .values({
        study: this.study,
        round: ROUND,
        state: 'collecting',
        base_model: this.base,
        opened: T0,
        deadline: DEADLINE,
        record_by: RECORD_BY,
        closed: null,
        outcome: null,
        global_model: null,
        manifest: null,
        transaction: null,
        block: null,
      })
      .execute();
    for (const member of this.members) {
      await db
        .insertInto('tasks')
        .values({
          id: member.task,
          study: this.study,
          round: ROUND,
          slot: member.slot,
          kind: 'train',
          state: 'leased',
          lease_until: T0 + 60,
          phase: null,
          update: null,
          samples: null,
          statement: null,
          report: null,
          receipt: null,
          metrics: null,
          refusal_code: null,
          refusal_message: null,
        })
        .execute();
    }
  }

  /** A good update of a member, or one that is wrong in the ways given. */
  update(member: Member, changes: UpdateChanges = {}): SentUpdate {
    const file = changes.file ?? this.updateFile();
    const report = encodeReport({ ...this.report(member), ...changes.report });
    const message: UpdateMessage = {
      study: this.study,
      round: ROUND,
      slot: member.slot,
      plan: this.plan.hash,
      baseModel: this.base,
      update: sha256(file),
      samples: 200,
      dataset: member.version,
      report: sha256(report),
      ...changes.message,
    };
    const signature = sign(changes.signer ?? member.key, changes.domain ?? this.domain, 'Update', message);
    return { file, update: message.update, message, statement: encodeStatement({ message, signature }), report };
  }

  /** An update's bytes with a fresh salt; other tensors or metadata on request. */
  updateFile(tensors: readonly NamedTensor[] = this.baseTensors, metadata?: Record<string, string>): Uint8Array {
    return encodeFile(tensors, metadata ?? { salt: randomDigest() });
  }

  private report(member: Member): Report {
    const figure = { value: null, reason: 'minCell' };
    const metrics = {
      rows: figure,
      positives: figure,
      negatives: figure,
      loss: { value: 0.5 },
      accuracy: figure,
      auroc: figure,
    };
    return {
      schema: 'syndic.report/1',
      salt: randomDigest(),
      study: this.study,
      round: ROUND,
      slot: member.slot,
      steps: 10,
      runtime: { backend: 'cpu', threads: 1, library: 'test 1', platform: 'linux-x64' },
      metrics: { before: metrics, after: metrics },
    };
  }

  private member(number: number): Member {
    const member = {
      ...person(),
      slot: slot(number),
      dataset: randomDigest(),
      version: randomDigest(),
      task: `task-${number}-${randomBytes(8).toString('hex')}`,
    };
    const account = person().address;
    this.chain.members.set(member.slot, { slot: member.slot, account, key: member.address, active: true });
    this.chain.keys.set(member.address, {
      key: member.address,
      owner: account,
      slot: member.slot,
      validFrom: instant(T0 - 5000),
      validTo: null,
      compromised: false,
    });
    this.chain.grants.set(`${this.study}/${member.slot}`, {
      plan: this.plan.hash,
      dataset: member.dataset,
      grantedAt: instant(T0 - 900),
      until: instant(T0 + 100_000),
      revokedAt: null,
    });
    this.chain.versions.set(`${member.slot}/${member.dataset}/${member.version}`, VERSION_ROWS);
    return member;
  }
}

export function tensor(name: string, elements: number, value = 0.25): NamedTensor {
  return { name, shape: [elements, 1], data: new Float32Array(elements).fill(value) };
}
