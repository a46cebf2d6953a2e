import type { Result } from 'ethers';
import { ledgerAbi, verdictsAbi } from '../../../coordinator/chain/abi.ts';
import type { ChainStudy } from '../../../coordinator/chain/port.ts';
import type { Clock } from '../../../coordinator/modules.ts';
import { outcomeOf } from '../../../coordinator/studies/outcome.ts';
import { decodeEntries, STATUS } from '../../../core/statements/entries.ts';
import { studyId } from '../../../core/statements/studyId.ts';
import {
  address,
  digest,
  hexToBytes,
  type Instant,
  round,
  type Slot,
  type StudyId,
  slot,
} from '../../../core/values.ts';
import { FakeChain } from '../fakeChain.ts';

/** How the ledger says no: a custom error's name and arguments. */
export class Reverted extends Error {
  readonly contract: { readonly name: string; readonly args: readonly string[] };
  constructor(name: string, args: readonly unknown[] = []) {
    super(name);
    this.contract = { name, args: args.map(String) };
  }
}

/** A chain of one ledger that keeps the rules which the studies lean on. What is applied is final at once. */
export class FakeLedger extends FakeChain {
  readonly #clock: Clock;
  /** Grants that count from the record after the next. */
  readonly #joined = new Map<StudyId, Set<Slot>>();
  #blocks = 1;
  /** Reasons of members' verdicts, 0 of those who attest, by `study/round/slot`. */
  readonly verdicts = new Map<string, number>();

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  /** Makes members with accounts and keys. @param keys their worker keys' addresses, from slot 1 */
  admit(keys: readonly string[]): void {
    keys.forEach((key, i) => {
      const of = slot(i + 1);
      const account = address(`0x${String(i + 1).padStart(40, 'a')}`);
      this.members.set(of, { slot: of, account, key: address(key), active: true });
      this.keys.set(address(key), {
        key: address(key),
        owner: account,
        slot: of,
        validFrom: 0 as Instant,
        validTo: null,
        compromised: false,
      });
    });
  }

  grantTo(study: StudyId, of: Slot, until: number): void {
    const known = this.studyOf(study);
    const grant = { plan: known.plan, dataset: known.plan, grantedAt: this.#clock.now(), revokedAt: null };
    this.grants.set(`${study}/${of}`, { ...grant, until: until as Instant });
    this.joinedOf(study).add(of);
    if (!known.started) this.#settle(study);
  }

  revoke(study: StudyId, of: Slot): void {
    const grant = this.grants.get(`${study}/${of}`);
    if (grant !== undefined) this.grants.set(`${study}/${of}`, { ...grant, revokedAt: this.#clock.now() });
    this.joinedOf(study).delete(of);
    if (!this.studyOf(study).started) this.#settle(study);
  }

  suspend(of: Slot): void {
    const member = this.members.get(of);
    if (member !== undefined) this.members.set(of, { ...member, active: false });
  }

  compromise(key: string): void {
    const known = this.keys.get(address(key));
    if (known !== undefined) this.keys.set(address(key), { ...known, compromised: true, validTo: this.#clock.now() });
  }

  /** An operator's own start. */
  begin(study: StudyId): void {
    this.#start(study);
  }

  /** Does what a transaction with this calldata does, or throws what the contract answers. @returns the block */
  apply(calldata: string): number {
    const call = ledgerAbi.parseTransaction({ data: calldata }) ?? verdictsAbi.parseTransaction({ data: calldata });
    if (call === null) throw new Reverted('Unknown');
    if (call.name === 'openStudyFor') this.#open(call.args);
    else if (call.name === 'startStudy') this.#start(digest(call.args[0]));
    else if (call.name === 'recordRound') this.#record(call.args);
    else if (call.name === 'closeStudy') this.#close(digest(call.args[0]), Number(call.args[1]));
    else if (call.name === 'attestFor') this.#judge(call.args, 0);
    else if (call.name === 'disputeFor') this.#judge(call.args, Number(call.args[4]));
    else throw new Reverted('Unknown', [call.name]);
    return ++this.#blocks;
  }

  #open([operator, plan, initialModel, coordinator, minIncluded, salt]: Result): void {
    const id = studyId(this.chainId, this.contracts.ledger, address(operator), digest(plan), digest(salt));
    if (this.studies.has(id)) throw new Reverted('StudyExists', [id]);
    if (!this.operators.has(address(operator))) throw new Reverted('NotOperator', [operator]);
    this.studies.set(id, {
      id,
      operator: address(operator),
      coordinator: address(coordinator),
      minIncluded: Number(minIncluded),
      outcome: 0,
      started: false,
      openedAt: this.#clock.now(),
      lastRound: 0,
      plan: digest(plan),
      initialModel: digest(initialModel),
      model: digest(initialModel),
      head: digest(salt),
    });
  }

  #start(id: StudyId): void {
    const study = this.#running(id);
    if (study.started) throw new Reverted('AlreadyStarted', [id]);
    this.#settle(id);
    const live = this.rosters.get(id)?.length ?? 0;
    if (live < study.minIncluded) throw new Reverted('TooFewMembers', [live, study.minIncluded]);
    this.studies.set(id, { ...study, started: true });
  }

  #record([of, number, outcomeGiven, baseModel, globalModel, manifest, packed]: Result): void {
    const study = this.#running(digest(of));
    const outcome = outcomeOf(Number(outcomeGiven));
    if (Number(number) !== study.lastRound + 1) throw new Reverted('WrongRound', [study.lastRound + 1, number]);
    if (baseModel !== study.model) throw new Reverted('WrongBase', [study.model, baseModel]);
    const entries = decodeEntries(hexToBytes(packed));
    const roster = this.rosters.get(study.id) ?? [];
    const matches = entries.length === roster.length && entries.every((entry, i) => entry.slot === roster[i]);
    if (!matches) throw new Reverted('EntriesMismatch', [0]);
    const included = entries.filter(({ status }) => status === STATUS.INCLUDED);
    for (const entry of included)
      if (!this.#live(study.id, slot(entry.slot))) throw new Reverted('GrantNotLive', [entry.slot]);
    if (outcome === 1 && included.length < study.minIncluded) throw new Reverted('TooFewIncluded', [included.length]);
    if (outcome !== 1 && included.length > 0) throw new Reverted('WrongOutcome', [outcome]);
    if (outcome !== 1 && globalModel !== baseModel) throw new Reverted('ModelChanged');
    this.studies.set(study.id, { ...study, lastRound: Number(number), model: digest(globalModel) });
    this.#settleNext(study.id);
    this.records.set(study.id, [
      ...(this.records.get(study.id) ?? []),
      {
        round: round(Number(number)),
        outcome,
        baseModel: digest(baseModel),
        globalModel: digest(globalModel),
        manifest: digest(manifest),
        recordHash: digest(manifest),
        head: digest(manifest),
        transaction: digest(manifest),
        block: { number: this.#blocks, hash: digest(manifest), timestamp: this.#clock.now() },
        gasUsed: 0,
        entries: entries.map((entry) => ({ ...entry, slot: slot(entry.slot) })),
      },
    ]);
  }

  #close(id: StudyId, outcome: number): void {
    this.studies.set(id, { ...this.#running(id), outcome: outcomeOf(outcome) });
  }

  /** Signatures are not looked at. */
  #judge([of, number, member, recordHash]: Result, reason: number): void {
    const record = this.records.get(digest(of))?.find((one) => one.round === Number(number));
    if (record === undefined) throw new Reverted('NotRecorded', [of, number]);
    if (record.recordHash !== recordHash) throw new Reverted('WrongRecord', [record.recordHash, recordHash]);
    const key = `${of}/${number}/${member}`;
    if (this.verdicts.has(key)) throw new Reverted('VerdictGiven', [of, number, member, 1]);
    this.verdicts.set(key, reason);
  }

  #running(id: StudyId): ChainStudy {
    const study = this.studies.get(id);
    if (study === undefined) throw new Reverted('UnknownStudy', [id]);
    if (study.outcome !== 0) throw new Reverted('StudyIsClosed', [id]);
    return study;
  }

  /** Before the start: who holds a live grant now. */
  #settle(id: StudyId): void {
    const live = [...this.joinedOf(id)].filter((of) => this.#live(id, of));
    this.rosters.set(
      id,
      live.toSorted((a, b) => a - b),
    );
  }

  #settleNext(id: StudyId): void {
    this.rosters.set(
      id,
      [...this.joinedOf(id)].toSorted((a, b) => a - b),
    );
  }

  #live(id: StudyId, of: Slot): boolean {
    const grant = this.grants.get(`${id}/${of}`);
    const live = grant !== undefined && grant.revokedAt === null && this.#clock.now() < grant.until;
    return live && (this.members.get(of)?.active ?? false);
  }

  private joinedOf(id: StudyId): Set<Slot> {
    const joined = this.#joined.get(id) ?? new Set();
    this.#joined.set(id, joined);
    return joined;
  }

  private studyOf(id: StudyId): ChainStudy {
    const study = this.studies.get(id);
    if (study === undefined) throw new Error(`no study ${id}`);
    return study;
  }
}
