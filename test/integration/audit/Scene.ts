import { send } from '../../../cli/chain/send.ts';
import { aggregate } from '../../../core/aggregate/aggregate.ts';
import { readerOf } from '../../../core/aggregate/ChunkReader.ts';
import { strategies } from '../../../core/aggregate/strategies.ts';
import { encodeManifest, type Manifest, type ManifestEntry } from '../../../core/manifest/Manifest.ts';
import { initialModel } from '../../../core/model/initialModel.ts';
import { checkPlanValue } from '../../../core/plan/checkPlan.ts';
import { sha256 } from '../../../core/sha256.ts';
import { encodeReceipt, encodeStatement } from '../../../core/statements/documents.ts';
import { type Entry, OUTCOME, type Outcome, REASON, STATUS } from '../../../core/statements/entries.ts';
import { digestOf, sign } from '../../../core/statements/sign.ts';
import { studyId } from '../../../core/statements/studyId.ts';
import { domain, type ReceiptMessage, type UpdateMessage } from '../../../core/statements/types.ts';
import { type Digest, digest, type StudyId, ZERO_DIGEST } from '../../../core/values.ts';
import { drawnUpdate } from '../../support/finishedStudy.ts';
import { planWith } from '../../unit/core/plan/samplePlan.ts';
import {
  addressOf,
  encode,
  type RecordArgs,
  randomDigest,
  recordRound,
  VERSION,
  type World,
  type WorldMember,
} from '../chain/world.ts';

/** What the coordinator does otherwise than it should. All of it hangs together but for that. */
export interface Cheat {
  readonly outcome?: Outcome;
  /** Members that answer, by slot; left out: all. */
  readonly of?: readonly number[];
  /** Private keys that members sign with in place of theirs, by slot. */
  readonly keys?: Readonly<Record<number, string>>;
  /** Members that it says did not answer, though they hold its receipt. */
  readonly absent?: readonly number[];
  readonly statement?: Partial<UpdateMessage>;
  readonly receipt?: Partial<ReceiptMessage>;
  /** What each member signs, and what it is promised for it. */
  readonly says?: (honest: UpdateMessage) => UpdateMessage;
  readonly promises?: (honest: ReceiptMessage) => ReceiptMessage;
  /** What the record says of all; aggregate and manifest follow it. */
  readonly entries?: (honest: readonly Entry[]) => readonly Entry[];
  /** What the aggregate gives an update in place of the plan's weight; the manifest says the plan's. */
  readonly weight?: (entry: Entry) => number;
  /** What is sent to the chain in the end. */
  readonly record?: (honest: RecordArgs) => RecordArgs;
  readonly receiptKey?: string;
  readonly manifest?: (honest: Manifest) => Manifest;
  /** In the manifest's place. */
  readonly manifestBytes?: (honest: Manifest) => Uint8Array;
  /** Of the record, of the first member. */
  readonly entry?: Partial<Entry>;
  /** In place of the aggregate. */
  readonly global?: (honest: Uint8Array) => Uint8Array;
}

export interface MadeRound {
  readonly round: number;
  readonly base: Digest;
  readonly global: Digest;
  readonly manifest: Digest;
  readonly statements: readonly Digest[];
  readonly receipts: readonly Digest[];
  readonly updates: readonly Digest[];
}

export interface Opening {
  /** Of the study on chain; the plan's is two. */
  readonly quorum?: number;
  readonly initial?: Digest;
  /** Who joins before the start, by slot; left out: everybody. */
  readonly joining?: readonly number[];
}

/** A study on a real chain with all of its files, whose coordinator does what a test asks for. */
export class Scene {
  readonly files = new Map<Digest, Uint8Array>();
  /** What only its member has: of those that did not answer, or of whom the manifest says so. */
  readonly held = new Map<Digest, Uint8Array>();
  readonly rounds: MadeRound[] = [];
  readonly plan = checkPlanValue(planWith(['quorum', 2], ['seed', 11], ['maxSamples', 512], ['rounds', 9]));
  readonly #world: World;
  #study: StudyId = digest(ZERO_DIGEST);
  #model: Uint8Array = new Uint8Array();

  constructor(world: World) {
    this.#world = world;
  }

  get study(): StudyId {
    return this.#study;
  }

  get ledger() {
    return this.#world.contracts.ledger;
  }

  /** The same study, which goes on by itself from here: for a chain that is put back. */
  copy(): Scene {
    const copy = new Scene(this.#world);
    for (const [digest, bytes] of this.files) copy.files.set(digest, bytes);
    for (const [digest, bytes] of this.held) copy.held.set(digest, bytes);
    copy.rounds.push(...this.rounds);
    copy.#study = this.#study;
    copy.#model = this.#model;
    return copy;
  }

  /** Opens a study that its members join, and starts it. */
  async open({ quorum = 2, initial, joining }: Opening = {}): Promise<this> {
    const { chainId, contracts, operator, coordinator, provider, coordinatorKey } = this.#world;
    const salt = randomDigest();
    this.put(this.plan.bytes);
    this.#model = initialModel(this.plan.plan);
    const model = initial ?? this.put(this.#model);
    this.#study = studyId(chainId, contracts.ledger, addressOf(operator), this.plan.hash, salt);
    const data = encode('openStudy', [this.plan.hash, model, addressOf(coordinator), quorum, salt]);
    await send(provider, operator, { to: contracts.ledger, data });
    await this.#world.grantAll(this.#study, this.plan.hash, joining);
    await send(provider, coordinatorKey, { to: contracts.ledger, data: encode('startStudy', [this.#study]) });
    return this;
  }

  /** One round of every member, made, signed and recorded. */
  async round(cheat: Cheat = {}): Promise<MadeRound> {
    const { of = this.#world.members.map(({ slot }) => slot) } = cheat;
    const members = this.#world.members.filter(({ slot }) => of.includes(slot) || cheat.absent?.includes(slot));
    const round = this.rounds.length + 1;
    const outcome = cheat.outcome ?? OUTCOME.COMPLETED;
    const completed = outcome === OUTCOME.COMPLETED;
    const base = sha256(this.#model);
    const { statement: _, receipt: __, receiptKey: ___, ...ofAll } = cheat;
    const sent = members.map((member, i) =>
      this.#send(member, of.includes(member.slot), round, base, i === 0 ? cheat : ofAll),
    );
    const lines: ManifestEntry[] = [];
    const honest: Entry[] = [];
    for (const [i, one] of sent.entries()) {
      const absent = cheat.absent?.includes(one.slot) === true;
      const status = absent ? STATUS.ABSENT : completed ? STATUS.INCLUDED : STATUS.EXCLUDED;
      const reason = absent ? REASON.NO_ANSWER : completed ? REASON.NONE : REASON.ROUND_FAILED;
      const { slot, update, samples } = one;
      const told = absent ? { update: digest(ZERO_DIGEST), samples: 0 } : { update, samples };
      const entry = { slot, status, reason, ...told, ...(i === 0 ? cheat.entry : {}) };
      honest.push(entry);
    }
    const entries = cheat.entries?.(honest) ?? honest;
    for (const entry of entries) {
      const { slot, status, reason } = entry;
      const weight = strategies.fedavg.weightOf(entry, this.plan.plan);
      // Who did not answer at all has no documents; who is only said to be absent has.
      const { statement, receipt, report } = sent.find((one) => one.slot === slot) ?? {};
      const documents = of.includes(slot) ? { statement, receipt, report } : {};
      lines.push({ slot, status, reason, ...(status === STATUS.INCLUDED ? { weight } : {}), ...documents });
    }
    const included = entries.filter(({ status }) => status === STATUS.INCLUDED);
    const average = included.length > 0 ? await this.#average(included, cheat.weight) : this.#model;
    const made = cheat.global?.(average) ?? average;
    const global = this.put(made);
    const manifest: Manifest = {
      ...{ schema: 'syndic.manifest/1', study: this.#study, round, outcome, plan: this.plan.hash },
      ...{ baseModel: base, globalModel: global, strategy: { name: 'fedavg' } },
      ...{ opened: 100, deadline: 200, closed: 150, entries: lines },
    };
    const written = this.put(cheat.manifestBytes?.(manifest) ?? encodeManifest(cheat.manifest?.(manifest) ?? manifest));
    const record = { study: this.#study, round, outcome, base, global, manifest: written, entries };
    await this.#say(recordRound(cheat.record?.(record) ?? record));
    // Times of validity are whole seconds: what comes next is later.
    await this.#world.rpc.request('evm_increaseTime', [10]);
    await this.#world.mine();
    this.#model = made;
    const told = { round, base, global, manifest: written };
    const files = (of: 'statement' | 'receipt' | 'update') => sent.map((one) => one[of]);
    const documents = { statements: files('statement'), receipts: files('receipt'), updates: files('update') };
    this.rounds.push({ ...told, ...documents });
    return { ...told, ...documents };
  }

  async close(outcome: Outcome = OUTCOME.COMPLETED): Promise<void> {
    await this.#say(encode('closeStudy', [this.#study, outcome]));
  }

  /** Has the head extended by a note. */
  async note(): Promise<void> {
    await this.#say(encode('note', [this.#study, randomDigest(), randomDigest()]));
  }

  /** Sends a transaction to the ledger with the coordinator's key. */
  async #say(data: `0x${string}`): Promise<void> {
    await send(this.#world.provider, this.#world.coordinatorKey, { to: this.ledger, data });
  }

  put(bytes: Uint8Array): Digest {
    return putInto(this.files, bytes);
  }

  async #average(included: readonly Entry[], weigh: Cheat['weight']): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    await aggregate({
      strategy: strategies.fedavg,
      base: readerOf(this.#model),
      updates: included.map((entry) => ({
        ...{ slot: entry.slot, weight: weigh?.(entry) ?? strategies.fedavg.weightOf(entry, this.plan.plan) },
        read: readerOf(this.files.get(entry.update) ?? new Uint8Array()),
      })),
      write: (piece) => void pieces.push(piece),
    });
    return new Uint8Array(Buffer.concat(pieces));
  }

  #send({ slot, key }: WorldMember, answers: boolean, round: number, baseModel: Digest, cheat: Cheat) {
    const { chainId, contracts, coordinatorKey } = this.#world;
    const signed = domain(chainId, contracts.ledger);
    // Of who does not answer, no store has a file.
    const put = (bytes: Uint8Array) => putInto(answers ? this.files : this.held, bytes);
    const update = put(drawnUpdate(this.plan.plan, slot, round));
    const report = put(Buffer.from(`report of ${slot} in ${round} of ${this.#study}`));
    const samples = 100 + slot;
    const common = { study: this.#study, round, slot, baseModel, update, samples };
    const own = { ...common, plan: this.plan.hash, dataset: VERSION, report, ...cheat.statement };
    const message = cheat.says?.(own) ?? own;
    const signature = sign(cheat.keys?.[slot] ?? key.privateKey, signed, 'Update', message);
    const recordBy = Math.floor(Date.now() / 1000) + 86_400;
    const due = { ...common, statement: digestOf('Update', signed, message), recordBy, ...cheat.receipt };
    const promise = cheat.promises?.(due) ?? due;
    const promised = sign(cheat.receiptKey ?? coordinatorKey.privateKey, signed, 'Receipt', promise);
    return {
      ...{ slot, update, samples, report, promise },
      statement: put(encodeStatement({ message, signature })),
      receipt: put(encodeReceipt({ message: promise, signature: promised })),
    };
  }
}

function putInto(files: Map<Digest, Uint8Array>, bytes: Uint8Array): Digest {
  const of = sha256(bytes);
  files.set(of, bytes);
  return of;
}
