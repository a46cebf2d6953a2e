import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { toSyndicError } from '../../core/errors/SyndicError.ts';
import { disputeName } from '../../core/statements/disputeReasons.ts';
import { decodeReceipt } from '../../core/statements/documents.ts';
import type { Domain } from '../../core/statements/types.ts';
import type { Digest, Instant, Slot, StudyId } from '../../core/values.ts';
import type { Journal, VerdictEntry } from '../journal/port.ts';
import { dropHalves } from '../keepFile.ts';
import type { WorkerKey } from '../keys/port.ts';
import type { Metrics } from '../metrics/port.ts';
import type { RecordChain, SiteStudy } from '../policy/ethereum.ts';
import type { Session } from '../session/port.ts';
import { checkDocuments } from './checkDocuments.ts';
import { checkOwn, type Fault } from './checkOwn.ts';
import { keepDocument } from './keepDocument.ts';

export interface AnswersOptions {
  readonly slot: Slot;
  /** Of what members and coordinators sign. */
  readonly domain: Domain;
  /** Where documents are kept for good, named by the 64 hex digits of their SHA-256. */
  readonly recordsDir: string;
  /** Milliseconds between two looks while nothing moves: doubles from `least` to `most`. Default 1 to 60 seconds. */
  readonly wait?: { readonly least: number; readonly most: number };
}

export interface AnswersModules {
  readonly session: Pick<Session, 'download' | 'answer'>;
  readonly chain: RecordChain;
  readonly journal: Journal;
  readonly key: WorkerKey;
  readonly clock: () => Instant;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: Pick<Metrics, 'judged' | 'unanswered'>;
}

/** Between two looks when no round is waited for; whatever begins one calls `soon`. */
const IDLE_MS = 3_600_000;

/**
 * Answers every round that this site has a say in: holds its record, as this hospital's own node has it, against the
 * site's receipt and against the documents that it names, keeps those, attests or disputes, and has the coordinator
 * relay that. A verdict is in the journal before it leaves, and is handed over again until the chain has it.
 *
 * A verdict names its record's hash: of a record that a reorganisation replaced it means nothing, and the one in its
 * place is checked anew. So nothing here waits for finality; the coordinator relays no verdict before that.
 */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #modules: AnswersModules;
  /** By study: the first round that may still want an answer. */
  readonly #next = new Map<StudyId, number>();
  /** Closed, and every round answered. */
  readonly #done = new Set<StudyId>();
  /** Hashes of records of rounds that went without this site. */
  readonly #others = new Set<Digest>();
  /** Hashes of records whose dispute was told. */
  readonly #accused = new Set<Digest>();
  /** What was said last of a round's trouble, so that it is said once. */
  readonly #told = new Map<string, string>();
  #wake = new AbortController();

  constructor(options: AnswersOptions, modules: AnswersModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** Something happened after which a record may stand. */
  soon(): void {
    this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { least, most } = this.#options.wait ?? { least: 1000, most: 60_000 };
    // A document that a killed process had begun is fetched again once it is missed.
    await dropHalves(this.#options.recordsDir);
    let wait = least;
    while (!signal.aborted) {
      if (this.#wake.signal.aborted) {
        this.#wake = new AbortController();
        wait = least;
      }
      const { moved, waiting } = await this.pass(signal);
      wait = moved ? least : Math.min(2 * wait, most);
      const over = AbortSignal.any([signal, this.#wake.signal]);
      await sleep(waiting ? wait : IDLE_MS, undefined, { signal: over }).catch(() => undefined);
    }
  }

  /** Looks at every round once. @returns whether anything moved, and whether something is still to come */
  async pass(signal: AbortSignal): Promise<{ moved: boolean; waiting: boolean }> {
    let unanswered = 0;
    let moved = false;
    let waiting = false;
    for (const study of this.#modules.journal.studies()) {
      if (this.#done.has(study) || signal.aborted) continue;
      const looked = await this.#study(study, signal);
      unanswered += looked.unanswered;
      moved ||= looked.moved;
      waiting ||= !this.#done.has(study);
    }
    this.#modules.metrics.unanswered(unanswered);
    return { moved, waiting };
  }

  async #study(study: StudyId, signal: AbortSignal): Promise<{ unanswered: number; moved: boolean }> {
    const { chain } = this.#modules;
    let unanswered = 0;
    let moved = false;
    try {
      const onChain = await chain.study(study);
      if (onChain === null) return { unanswered, moved };
      const { lastRound, open } = onChain;
      for (let round = this.#next.get(study) ?? 1; round <= lastRound && !signal.aborted; round++) {
        const before = this.#modules.journal.verdict(study, round);
        const settled = await this.#settle(study, round, onChain, signal);
        moved ||= settled !== null ? settled : before !== this.#modules.journal.verdict(study, round);
        if (settled === null) unanswered++;
        // The newest is looked at again: a reorganisation may take it back.
        else if (unanswered === 0 && round < lastRound) this.#next.set(study, round + 1);
      }
      if (!open && unanswered === 0 && !signal.aborted) this.#done.add(study);
    } catch (thrown) {
      this.#trouble(study, 0, thrown, signal);
    }
    return { unanswered, moved };
  }

  /** @returns null while the round wants an answer; else whether the chain got it only now */
  async #settle(study: StudyId, round: number, onChain: SiteStudy, signal: AbortSignal): Promise<boolean | null> {
    const { chain, journal, clock, log } = this.#modules;
    try {
      const answered = journal.answered(study, round);
      if (answered !== null && round < onChain.lastRound) return false;
      const recordHash = await chain.recordHash(study, round);
      if (recordHash === null) return null;
      if (this.#others.has(recordHash)) return false;
      const said = journal.verdict(study, round);
      const verdict =
        said?.recordHash === recordHash ? said : await this.#judge(study, round, onChain, recordHash, signal);
      if (verdict === null) return false;
      if (answered?.recordHash !== recordHash) this.#accuse(verdict);
      const state = await chain.verdict(study, round);
      if (state === 'none') {
        await this.#handOver(verdict, signal);
        return null;
      }
      this.#told.delete(`${study}/${round}`);
      if (answered?.recordHash === recordHash) return false;
      await journal.append({ type: 'answered', at: clock(), study, round, recordHash, verdict: state });
      log.info({ study, round, recordHash, verdict: state }, 'the chain has this site’s verdict of the round');
      return true;
    } catch (thrown) {
      this.#trouble(study, round, thrown, signal);
      return null;
    }
  }

  /** Checks a record and signs what comes of it. Null: this site has no say in the round. */
  async #judge(
    study: StudyId,
    round: number,
    onChain: SiteStudy,
    recordHash: Digest,
    signal: AbortSignal,
  ): Promise<VerdictEntry | null> {
    const { session, chain, journal, log, metrics } = this.#modules;
    const { slot, domain, recordsDir } = this.#options;
    const record = await chain.record(study, round, recordHash);
    const accepted = journal.accepted(study, round);
    if (accepted === null && !record.entries.some((entry) => entry.slot === slot)) {
      this.#others.add(recordHash);
      return null;
    }
    const receipt = accepted === null ? null : decodeReceipt(await journal.read(accepted.receipt));
    const fault =
      (receipt === null ? null : checkOwn(record, receipt.message)) ??
      (await checkDocuments(record, onChain, {
        domain,
        keep: (digest, most) => keepDocument(session, recordsDir, { digest, most }, signal),
        keyOwner: (key) => chain.keyOwner(key),
      }));
    const entry = await this.#sign(study, round, recordHash, fault);
    metrics.judged(fault === null ? 'attested' : 'disputed');
    if (fault === null) log.info({ study, round, recordHash }, 'the record and its documents are right: attested');
    return entry;
  }

  async #sign(study: StudyId, round: number, recordHash: Digest, fault: Fault | null): Promise<VerdictEntry> {
    const { chain, journal, key, clock } = this.#modules;
    const reason = fault?.reason ?? 0;
    const verdict = { study, round, slot: this.#options.slot, recordHash, reason };
    const signature = await key.signVerdict(await chain.verdicts(), verdict);
    const why = fault === null ? {} : { fault: fault.what };
    const entry: VerdictEntry = { type: 'verdict', at: clock(), study, round, recordHash, reason, ...why, signature };
    await journal.append(entry);
    return entry;
  }

  /** Tells of a dispute once, and after a restart again while the chain does not have it: who was killed may not have. */
  #accuse({ study, round, recordHash, reason, fault }: VerdictEntry): void {
    if (reason === 0 || this.#accused.has(recordHash)) return;
    this.#accused.add(recordHash);
    const facts = { study, round, recordHash, code: 'RECORD_DISPUTED', reason, name: disputeName(reason) };
    this.#modules.log.error(
      facts,
      `round ${round}: ${fault}; this site disputes it: keep receipt and journal, tell the other members, and ask the operator by telephone`,
    );
  }

  async #handOver(said: VerdictEntry, signal: AbortSignal): Promise<void> {
    const { session, chain, journal, key, clock } = this.#modules;
    const { study, round, recordHash, reason } = said;
    const verdict = { study, round, slot: this.#options.slot, recordHash, reason };
    const signature = await key.signVerdict(await chain.verdicts(), verdict);
    // The worker's key was replaced meanwhile.
    if (signature !== said.signature) await journal.append({ ...said, at: clock(), signature });
    try {
      const { state, error } = await session.answer({ ...verdict, signature }, signal);
      const message = 'the chain refused this site’s verdict; the coordinator tries it again';
      if (state === 'refused') this.#tell(study, round, error, { code: 'CHAIN_REVERTED', error }, message);
      else this.#told.delete(`${study}/${round}`);
    } catch (thrown) {
      const error = toSyndicError(thrown);
      if (error.code !== 'VERSION_UNSUPPORTED') throw error;
      const { to, data } = await chain.verdictCall(verdict, signature);
      const message = `this coordinator relays no verdicts; it is in the journal, and anybody may send it: cast send ${to} ${data}`;
      this.#tell(study, round, error.code, { code: error.code }, message);
    }
  }

  #trouble(study: StudyId, round: number, thrown: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const { code, message } = toSyndicError(thrown);
    this.#tell(study, round, code, { code }, `the round is not answered yet, and is tried again: ${message}`);
  }

  /** Once, until something else is to be said of the round. */
  #tell(study: StudyId, round: number, what: string, facts: object, message: string): void {
    const name = `${study}/${round}`;
    if (this.#told.get(name) === what) return;
    this.#told.set(name, what);
    this.#modules.log.warn({ study, round, ...facts }, message);
  }
}
