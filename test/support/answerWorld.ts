import { strategies } from '../../core/aggregate/strategies.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { encodeManifest, type Manifest } from '../../core/manifest/Manifest.ts';
import { checkPlanValue } from '../../core/plan/checkPlan.ts';
import { sha256 } from '../../core/sha256.ts';
import { encodeReceipt, encodeStatement } from '../../core/statements/documents.ts';
import { type Entry, OUTCOME, STATUS } from '../../core/statements/entries.ts';
import { addressOf, digestOf, sign } from '../../core/statements/sign.ts';
import { domain, type ReceiptMessage, type UpdateMessage } from '../../core/statements/types.ts';
import { recoverVerdict, signVerdict, type VerdictState } from '../../core/statements/verdict.ts';
import { type Address, address, type Digest, digest, instant, slot } from '../../core/values.ts';
import { Answers } from '../../worker/answers/Answers.ts';
import type { Journal } from '../../worker/journal/port.ts';
import type { KeyOwner, RecordChain, SiteStudy } from '../../worker/policy/ethereum.ts';
import type { SiteRecord } from '../../worker/policy/records.ts';
import type { Relayed, SignedVerdict } from '../../worker/session/port.ts';
import { planWith } from '../unit/core/plan/samplePlan.ts';

export const keyOf = (of: number): Digest => digest(`0x${String(of).padStart(64, '6')}`);
const named = (text: string): Digest => sha256(Buffer.from(text));

export const OWN = slot(1);
export const VERDICTS = address(`0x${'7e'.repeat(20)}`);
const LEDGER = address(`0x${'1e'.repeat(20)}`);
const COORDINATOR = address(`0x${'cc'.repeat(20)}`);
const COORDINATOR_KEY = keyOf(90);
const SLOTS = [1, 2, 3] as const;

/** What a coordinator did otherwise than it should have. All of it hangs together but for that. */
export interface Spoilt {
  /** Of slot 2. */
  readonly statement?: Partial<UpdateMessage>;
  readonly statementKey?: Digest;
  readonly receipt?: Partial<ReceiptMessage>;
  readonly receiptKey?: Digest;
  /** In place of the document's own bytes. */
  readonly bytes?: Partial<Record<'manifest' | 'statement' | 'receipt', Uint8Array>>;
  readonly manifest?: (honest: Manifest) => Manifest;
  readonly entries?: (honest: Entry[]) => Entry[];
  readonly record?: Partial<SiteRecord>;
  /** Slots that did not answer. */
  readonly absent?: readonly number[];
  /** The round failed: whoever answered is excluded. */
  readonly failed?: boolean;
}

/** A study of three members as the worker of slot 1 sees it: a chain, a coordinator's files, and what it hears of answers. */
export class AnswerWorld {
  readonly study = named('study');
  readonly domain = domain(31_337, LEDGER);
  readonly plan = checkPlanValue(planWith(['quorum', 2]));
  readonly files = new Map<Digest, Uint8Array>([[this.plan.hash, this.plan.bytes]]);
  readonly records = new Map<number, SiteRecord>();
  readonly states = new Map<number, VerdictState>();
  /** By round: statement and receipt documents of slot 1. */
  readonly own = new Map<number, { statement: Uint8Array; receipt: Uint8Array; update: Digest }>();
  readonly asked: Digest[] = [];
  readonly handed: SignedVerdict[] = [];
  readonly told: { level: string; facts: Record<string, unknown>; message: string }[] = [];
  readonly judged: string[] = [];
  unanswered = -1;
  wait = { least: 5, most: 20 };
  open = true;
  /** What the coordinator does with a verdict: by default the chain has it at once. */
  relay: (verdict: SignedVerdict) => Promise<Relayed> = async ({ round, reason }) => {
    this.states.set(round, reason === 0 ? 'attested' : 'disputed');
    return { state: 'taken', error: '' };
  };
  workerKey = keyOf(1);

  /** Adds a round's record, with its documents. */
  record(round: number, spoilt: Spoilt = {}): SiteRecord {
    const { absent = [], failed = false, bytes = {} } = spoilt;
    const base = named(`model ${round - 1}`);
    const global = failed ? base : named(`model ${round}`);
    const lines: Manifest['entries'][number][] = [];
    let entries: Entry[] = [];
    for (const of of SLOTS) {
      if (absent.includes(of)) {
        lines.push({ slot: of, status: STATUS.ABSENT, reason: 1 });
        entries.push({ slot: of, status: STATUS.ABSENT, reason: 1, update: digest(`0x${'0'.repeat(64)}`), samples: 0 });
        continue;
      }
      const sent = this.#documents(round, of, base, of === 2 ? spoilt : {});
      const documents = {
        statement: this.#put((of === 2 ? bytes.statement : undefined) ?? sent.statement),
        receipt: this.#put((of === 2 ? bytes.receipt : undefined) ?? sent.receipt),
        report: sent.report,
      };
      if (of === OWN) this.own.set(round, sent);
      const { update, samples } = sent;
      const status = failed ? STATUS.EXCLUDED : STATUS.INCLUDED;
      const reason = failed ? 7 : 0;
      const weight = failed ? {} : { weight: strategies.fedavg.weightOf({ slot: of, samples }, this.plan.plan) };
      lines.push({ slot: of, status, reason, ...weight, ...documents });
      entries.push({ slot: of, status, reason, update, samples });
    }
    entries = spoilt.entries?.(entries) ?? entries;
    const outcome = failed ? OUTCOME.FAILED : OUTCOME.COMPLETED;
    const common = { study: this.study, round, outcome, baseModel: base, globalModel: global };
    const manifest: Manifest = {
      ...{ schema: 'syndic.manifest/1', ...common, plan: this.plan.hash, strategy: { name: 'fedavg' } },
      ...{ opened: 100, deadline: 200, closed: 150, entries: lines },
    };
    const written = this.#put(bytes.manifest ?? encodeManifest(spoilt.manifest?.(manifest) ?? manifest));
    const recordHash = named(`record ${round} ${written} ${JSON.stringify(entries)}`);
    const record = { ...common, manifest: written, recordHash, entries, ...spoilt.record };
    this.records.set(round, record);
    return record;
  }

  /** What the worker's journal has of a round that it took part in. */
  async delivered(journal: Journal, round: number): Promise<void> {
    const own = this.own.get(round);
    if (own === undefined) throw new Error(`slot 1 sent nothing in round ${round}`);
    const common = { at: instant(1), study: this.study, round, update: own.update };
    const facts = { plan: this.plan.hash, baseModel: named('b'), dataset: named('d'), samples: 100, length: 8 };
    const statement = await journal.keep(own.statement);
    await journal.append({ type: 'prepared', ...common, ...facts, report: named('r'), statement });
    await journal.append({ type: 'accepted', ...common, receipt: await journal.keep(own.receipt) });
  }

  answers(journal: Journal, recordsDir: string, change: Partial<RecordChain> = {}): Answers {
    const log = (level: string) => (facts: object, message: string) => {
      this.told.push({ level, facts: { ...facts }, message });
    };
    return new Answers(
      { slot: OWN, domain: this.domain, recordsDir, wait: this.wait },
      {
        session: {
          download: (of) => this.#download(of),
          answer: async (verdict) => {
            this.handed.push(verdict);
            return await this.relay(verdict);
          },
        },
        chain: { ...this.chain(), ...change },
        journal,
        key: {
          address: addressOf(this.workerKey),
          signLogin: () => Promise.reject(new Error('no login')),
          signUpdate: () => Promise.reject(new Error('no update')),
          signVerdict: async (contract, verdict) =>
            signVerdict(this.workerKey, { ...this.domain, verifyingContract: contract }, verdict),
        },
        clock: () => instant(1000),
        log: { info: log('info'), warn: log('warn'), error: log('error') } as never,
        metrics: {
          judged: (verdict) => void this.judged.push(verdict),
          unanswered: (rounds) => {
            this.unanswered = rounds;
          },
        },
      },
    );
  }

  /** Whose key signed what was handed over. */
  signerOf({ signature, ...verdict }: SignedVerdict): Address {
    return recoverVerdict({ ...this.domain, verifyingContract: VERDICTS }, verdict, signature);
  }

  chain(): RecordChain {
    return {
      study: async (of) => (of === this.study ? this.#siteStudy() : null),
      recordHash: async (_, round) => this.records.get(round)?.recordHash ?? null,
      record: async (_, round, stored) => {
        const record = this.records.get(round);
        if (record?.recordHash !== stored) throw new SyndicError('CHAIN_UNAVAILABLE', 'the events differ');
        return record;
      },
      verdict: async (_, round) => this.states.get(round) ?? 'none',
      verdicts: async () => VERDICTS,
      verdictCall: async () => ({ to: VERDICTS, data: '0xda7a' }),
      keyOwner: async (key) => this.#owners.get(key) ?? null,
    };
  }

  readonly #owners = new Map<Address, KeyOwner>([
    [addressOf(COORDINATOR_KEY), { account: COORDINATOR, slot: 0 }],
    ...SLOTS.map((of): [Address, KeyOwner] => [
      addressOf(keyOf(of)),
      { account: address(`0x${String(of).padStart(40, 'a')}`), slot: of },
    ]),
  ]);

  #siteStudy(): SiteStudy {
    const lastRound = Math.max(0, ...this.records.keys());
    const plan = { plan: this.plan.hash, model: named(`model ${lastRound}`), minIncluded: 2 };
    return { coordinator: COORDINATOR, open: this.open, lastRound, ...plan };
  }

  async *#download(of: Digest): AsyncGenerator<Uint8Array> {
    this.asked.push(of);
    const bytes = this.files.get(of);
    if (bytes === undefined) throw new SyndicError('NOT_FOUND', `no file ${of}`);
    yield bytes.subarray(0, 10);
    yield bytes.subarray(10);
  }

  #put(bytes: Uint8Array): Digest {
    const of = sha256(bytes);
    this.files.set(of, bytes);
    return of;
  }

  #documents(round: number, of: number, baseModel: Digest, spoilt: Spoilt) {
    const report = this.#put(Buffer.from(`report of ${of} in ${round}`));
    const honest = {
      study: this.study,
      round,
      slot: of,
      baseModel,
      update: named(`update ${of} ${round}`),
      samples: 100,
    };
    const message = { ...honest, plan: this.plan.hash, dataset: named('data'), report, ...spoilt.statement };
    const signature = sign(spoilt.statementKey ?? keyOf(of), this.domain, 'Update', message);
    const { study, slot: by, update, samples } = message;
    const promise: ReceiptMessage = {
      ...{ study, round: message.round, slot: by, baseModel: message.baseModel, update, samples, recordBy: 86_600 },
      statement: digestOf('Update', this.domain, message),
      ...spoilt.receipt,
    };
    const promised = sign(spoilt.receiptKey ?? COORDINATOR_KEY, this.domain, 'Receipt', promise);
    return {
      ...{ report, update: honest.update, samples: honest.samples },
      statement: encodeStatement({ message, signature }),
      receipt: encodeReceipt({ message: promise, signature: promised }),
    };
  }
}
