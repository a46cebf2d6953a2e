import { SyndicError } from '../core/errors/SyndicError.ts';
import {
  closeHash,
  encodeEntries,
  extendHead,
  noteHash,
  type Outcome,
  recordHash,
  startHash,
  studyHead,
} from '../core/statements/ledger.ts';
import { studyId } from '../core/statements/studyId.ts';
import { type Address, address, type Digest, digest, type Slot, type StudyId, slot } from '../core/values.ts';
import { decodeEntry, decodeLog, decodeOutcome, ledgerTopic, type SlotEntry } from './events.ts';
import type { ChainLog } from './port.ts';

export interface HistoryRound {
  readonly round: number;
  readonly outcome: Outcome;
  readonly baseModel: Digest;
  readonly globalModel: Digest;
  readonly manifest: Digest;
  readonly recordHash: Digest;
  readonly head: Digest;
  /** These two are null where the events are a bundle's: they come of a node's word alone. */
  readonly transaction: Digest | null;
  readonly block: number | null;
  /** Unix seconds. */
  readonly time: number;
  readonly entries: readonly SlotEntry[];
}

export interface HistoryNote {
  readonly kind: Digest;
  readonly digest: Digest;
  readonly transaction: Digest | null;
  readonly block: number | null;
  readonly time: number;
}

/** A study's life as its events tell it. */
export interface StudyHistory {
  readonly study: StudyId;
  readonly operator: Address;
  readonly coordinator: Address;
  readonly plan: Digest;
  readonly initialModel: Digest;
  readonly minIncluded: number;
  readonly opened: number;
  /** Slots of round 1's roster; null before the start. */
  readonly started: readonly Slot[] | null;
  /** Unix seconds; null before the start. */
  readonly startedAt: number | null;
  readonly outcome: Outcome | null;
  /** Unix seconds; null before the close. */
  readonly closedAt: number | null;
  readonly rounds: readonly HistoryRound[];
  readonly notes: readonly HistoryNote[];
  /** Recomputed from the events alone. */
  readonly head: Digest;
  /** Where an event does not say what the others make of it; empty for an honest chain. */
  readonly faults: readonly string[];
}

const NAMES = new Map(
  ['StudyOpened', 'StudyStarted', 'RoundRecorded', 'UpdateRecorded', 'Noted', 'StudyClosed'].map((name) => [
    ledgerTopic(name),
    name,
  ]),
);

/** Whether a log is an event that a study's history is made of. */
export function isOfHistory({ topics: [topic, about] }: Pick<ChainLog, 'topics'>, study: StudyId): boolean {
  return about === study && NAMES.has(digest(topic ?? ''));
}

interface Draft {
  opening: Omit<
    StudyHistory,
    'started' | 'startedAt' | 'outcome' | 'closedAt' | 'rounds' | 'notes' | 'head' | 'faults'
  > | null;
  started: Slot[] | null;
  startedAt: number | null;
  outcome: Outcome | null;
  closedAt: number | null;
  rounds: HistoryRound[];
  notes: HistoryNote[];
  head: Digest | null;
  faults: string[];
}

interface Place {
  readonly chainId: number;
  readonly ledger: Address;
  readonly study: StudyId;
}

/**
 * Replays one study's events, in the chain's order, and recomputes every record's hash and the head after each.
 * Null when the events do not begin with the study's opening.
 *
 * @throws SyndicError CHAIN_UNAVAILABLE when they are none that the ledger can have sent
 */
export function replay(logs: readonly ChainLog[], place: Place): StudyHistory | null {
  try {
    return replayed(logs, place);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the events of study ${place.study} are none that a ledger sends: ask another node (${reason.slice(0, 200)})`;
    throw new SyndicError('CHAIN_UNAVAILABLE', message, { study: place.study }, { cause });
  }
}

function replayed(logs: readonly ChainLog[], { chainId, ledger, study }: Place): StudyHistory | null {
  const entries = entriesByRound(logs);
  const draft: Draft = {
    opening: null,
    started: null,
    startedAt: null,
    outcome: null,
    closedAt: null,
    rounds: [],
    notes: [],
    head: null,
    faults: [],
  };
  for (const log of logs) {
    const name = NAMES.get(digest(log.topics[0] ?? ''));
    if (name !== undefined && log.topics[1] !== study) throw new RangeError(`a ${name} of another study`);
    if (name === 'StudyOpened') open(draft, log, { chainId, ledger, study });
    else if (name === 'StudyStarted') start(draft, log, study);
    else if (name === 'RoundRecorded') record(draft, log, entries);
    else if (name === 'Noted') note(draft, log, study);
    else if (name === 'StudyClosed') close(draft, log, study);
  }
  for (const round of entries.keys()) {
    if (draft.rounds.some((one) => one.round === round)) continue;
    draft.faults.push(`round ${round}: events tell its entries, and none tells its record`);
  }
  const { opening, head, ...rest } = draft;
  return opening === null || head === null ? null : { ...opening, ...rest, head };
}

function open(draft: Draft, log: ChainLog, { chainId, ledger, study }: Place): void {
  const event = decodeLog('StudyOpened', log);
  if (draft.opening !== null) draft.faults.push('the opening: it is told twice');
  const opening = {
    study,
    operator: address(event.operator),
    coordinator: address(event.coordinator),
    plan: digest(event.plan),
    initialModel: digest(event.initialModel),
    minIncluded: Number(event.minIncluded),
    opened: log.time,
  };
  draft.opening = opening;
  draft.head = studyHead(chainId, ledger, study, opening.plan, opening.initialModel);
  compare(draft, 'the opening', 'head', draft.head, event.head);
  // The salt is in no hash but the id's.
  const id = studyId(chainId, ledger, opening.operator, opening.plan, digest(event.salt));
  compare(draft, 'the opening', 'study', id, study);
}

function start(draft: Draft, log: ChainLog, study: StudyId): void {
  const event = decodeLog('StudyStarted', log);
  draft.started = Array.from(event.slots as readonly bigint[], (one) => slot(Number(one)));
  draft.startedAt = log.time;
  extend(draft, 'the start', startHash(study, draft.started, log.time), event.head);
}

function record(draft: Draft, log: ChainLog, entries: ReadonlyMap<number, readonly TimedEntry[]>): void {
  const event = decodeLog('RoundRecorded', log);
  const round = Number(event.round);
  const told = entries.get(round) ?? [];
  const own = told.map(({ entry }) => entry);
  const outcome = decodeOutcome(event.outcome);
  const [baseModel, globalModel] = [digest(event.baseModel), digest(event.globalModel)];
  const manifest = digest(event.manifest);
  const hash = recordHash({
    ...{ study: digest(event.study), round, outcome, baseModel, globalModel, manifest },
    ...{ timestamp: log.time, entries: encodeEntries(own) },
  });
  const name = `round ${round}`;
  compare(draft, name, 'record hash', hash, event.recordHash);
  const elsewhen = told.find(({ time }) => time !== log.time);
  if (elsewhen !== undefined) compare(draft, name, 'time of entries', String(log.time), String(elsewhen.time));
  compare(draft, name, 'base model', draft.rounds.at(-1)?.globalModel ?? draft.opening?.initialModel, baseModel);
  compare(draft, name, 'number', String(draft.rounds.length + 1), String(round));
  extend(draft, name, hash, event.head);
  const { transaction, block, time } = log;
  const hashes = { recordHash: digest(event.recordHash), head: digest(event.head) };
  const record = { round, outcome, baseModel, globalModel, manifest, ...hashes };
  draft.rounds.push({ ...record, transaction, block, time, entries: own });
}

function note(draft: Draft, log: ChainLog, study: StudyId): void {
  const event = decodeLog('Noted', log);
  const [kind, noted] = [digest(event.kind), digest(event.digest)];
  const { transaction, block, time } = log;
  draft.notes.push({ kind, digest: noted, transaction, block, time });
  extend(draft, `note ${draft.notes.length}`, noteHash(study, kind, noted, time), event.head);
}

function close(draft: Draft, log: ChainLog, study: StudyId): void {
  const event = decodeLog('StudyClosed', log);
  draft.outcome = decodeOutcome(event.outcome);
  draft.closedAt = log.time;
  extend(draft, 'the close', closeHash(study, draft.outcome, log.time), event.head);
}

function extend(draft: Draft, what: string, hash: Digest, told: string): void {
  if (draft.head === null) return;
  draft.head = extendHead(draft.head, hash);
  compare(draft, what, 'head', draft.head, told);
}

function compare(draft: Draft, what: string, field: string, made: string | undefined, told: string): void {
  if (made !== told) draft.faults.push(`${what}: the event's ${field} is ${told}; its other fields make it ${made}`);
}

interface TimedEntry {
  readonly entry: SlotEntry;
  readonly time: number;
}

function entriesByRound(logs: readonly ChainLog[]): Map<number, TimedEntry[]> {
  const rounds = new Map<number, TimedEntry[]>();
  for (const log of logs) {
    if (NAMES.get(digest(log.topics[0] ?? '')) !== 'UpdateRecorded') continue;
    const { round, entry } = decodeEntry(log);
    const timed = { entry, time: log.time };
    const before = rounds.get(round);
    if (before === undefined) rounds.set(round, [timed]);
    else before.push(timed);
  }
  return rounds;
}
