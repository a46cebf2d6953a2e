import { decodeLedgerEvent, ledgerTopic } from '../../coordinator/chain/abi.ts';
import { decodeOutcome, decodeRoundRecorded, decodeUpdateRecorded } from '../../coordinator/chain/decode.ts';
import type { ChainEntry } from '../../coordinator/chain/port.ts';
import {
  closeHash,
  encodeEntries,
  extendHead,
  noteHash,
  type Outcome,
  recordHash,
  startHash,
  studyHead,
} from '../../core/statements/ledger.ts';
import { type Address, address, type Digest, digest, type StudyId } from '../../core/values.ts';

/** An event of the ledger with its block's time. */
export interface TimedLog {
  readonly topics: readonly string[];
  readonly data: string;
  readonly transaction: Digest;
  readonly block: number;
  /** Unix seconds. */
  readonly time: number;
  /** Gas of the whole transaction. */
  readonly gas: number;
}

export interface HistoryRound {
  readonly round: number;
  readonly outcome: Outcome;
  readonly baseModel: Digest;
  readonly globalModel: Digest;
  readonly manifest: Digest;
  readonly recordHash: Digest;
  readonly head: Digest;
  readonly transaction: Digest;
  readonly block: number;
  /** Unix seconds. */
  readonly time: number;
  /** Gas of the whole transaction. */
  readonly gas: number;
  readonly entries: readonly ChainEntry[];
}

export interface HistoryNote {
  readonly kind: Digest;
  readonly digest: Digest;
  readonly transaction: Digest;
  readonly block: number;
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
  readonly started: readonly number[] | null;
  readonly outcome: Outcome | null;
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

interface Draft {
  opening: Omit<StudyHistory, 'started' | 'outcome' | 'rounds' | 'notes' | 'head' | 'faults'> | null;
  started: number[] | null;
  outcome: Outcome | null;
  rounds: HistoryRound[];
  notes: HistoryNote[];
  head: Digest | null;
  faults: string[];
}

/**
 * Replays one study's events, in the chain's order, and recomputes every record's hash and the head after each.
 * Null when the events do not begin with the study's opening.
 */
export function replay(
  logs: readonly TimedLog[],
  { chainId, ledger, study }: { readonly chainId: number; readonly ledger: Address; readonly study: StudyId },
): StudyHistory | null {
  const entries = entriesByRound(logs);
  const draft: Draft = { opening: null, started: null, outcome: null, rounds: [], notes: [], head: null, faults: [] };
  for (const log of logs) {
    const name = NAMES.get(digest(log.topics[0] ?? ''));
    if (name === 'StudyOpened') open(draft, log, { chainId, ledger, study });
    else if (name === 'StudyStarted') start(draft, log, study);
    else if (name === 'RoundRecorded') record(draft, log, entries);
    else if (name === 'Noted') note(draft, log, study);
    else if (name === 'StudyClosed') close(draft, log, study);
  }
  const { opening, head, ...rest } = draft;
  return opening === null || head === null ? null : { ...opening, ...rest, head };
}

function open(
  draft: Draft,
  log: TimedLog,
  { chainId, ledger, study }: { readonly chainId: number; readonly ledger: Address; readonly study: StudyId },
): void {
  const event = decodeLedgerEvent('StudyOpened', log);
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
}

function start(draft: Draft, log: TimedLog, study: StudyId): void {
  const event = decodeLedgerEvent('StudyStarted', log);
  draft.started = Array.from(event.slots as readonly bigint[], Number);
  extend(draft, 'the start', startHash(study, draft.started, log.time), event.head);
}

function record(draft: Draft, log: TimedLog, entries: ReadonlyMap<number, readonly ChainEntry[]>): void {
  const event = decodeRoundRecorded(log);
  const own = entries.get(event.round) ?? [];
  const { study, outcome, baseModel, globalModel, manifest } = event;
  const hash = recordHash({
    ...{ study, round: event.round, outcome, baseModel, globalModel, manifest },
    ...{ timestamp: log.time, entries: encodeEntries(own) },
  });
  const name = `round ${event.round}`;
  compare(draft, name, 'record hash', hash, event.recordHash);
  compare(draft, name, 'base model', draft.rounds.at(-1)?.globalModel ?? draft.opening?.initialModel, baseModel);
  compare(draft, name, 'number', String(draft.rounds.length + 1), String(event.round));
  extend(draft, name, hash, event.head);
  const { transaction, block, time, gas } = log;
  const { recordHash: told, head } = event;
  const record = { outcome, baseModel, globalModel, manifest, recordHash: told, head };
  draft.rounds.push({ round: event.round, ...record, transaction, block, time, gas, entries: own });
}

function note(draft: Draft, log: TimedLog, study: StudyId): void {
  const event = decodeLedgerEvent('Noted', log);
  const [kind, noted] = [digest(event.kind), digest(event.digest)];
  const { transaction, block, time } = log;
  draft.notes.push({ kind, digest: noted, transaction, block, time });
  extend(draft, `note ${draft.notes.length}`, noteHash(study, kind, noted, time), event.head);
}

function close(draft: Draft, log: TimedLog, study: StudyId): void {
  const event = decodeLedgerEvent('StudyClosed', log);
  draft.outcome = decodeOutcome(Number(event.outcome));
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

function entriesByRound(logs: readonly TimedLog[]): Map<number, ChainEntry[]> {
  const rounds = new Map<number, ChainEntry[]>();
  for (const log of logs) {
    if (NAMES.get(digest(log.topics[0] ?? '')) !== 'UpdateRecorded') continue;
    const { round, study: _, ...entry } = decodeUpdateRecorded(log);
    rounds.set(round, [...(rounds.get(round) ?? []), entry]);
  }
  return rounds;
}
