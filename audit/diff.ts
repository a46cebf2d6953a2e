import { type Finding, keyOf } from './findings.ts';
import type { HistoryRound, StudyHistory } from './replay.ts';
import type { Report } from './verify.ts';

export interface Difference {
  readonly round?: number;
  readonly what: string;
  readonly a: string;
  readonly b: string;
}

/** How two reports of one study stand to each other. */
export interface Diff {
  /** Conflict: each chain has something that the other does not; no honest chain shows both. */
  readonly relation: 'same' | 'a is earlier' | 'b is earlier' | 'conflict';
  readonly differences: readonly Difference[];
  /** Findings that only one of the two has. */
  readonly onlyInA: readonly Finding[];
  readonly onlyInB: readonly Finding[];
}

/**
 * Compares what two readers found of one study, from whatever nodes and at whatever blocks. A history only grows: the
 * earlier one is the beginning of the later, or somebody was shown another chain.
 */
export function diffReports(a: Report, b: Report): Diff {
  const differences = [
    ...compared('chain', String(a.chainId), String(b.chainId)),
    ...compared('ledger', a.contracts.ledger, b.contracts.ledger),
    ...compared('study', a.study, b.study),
    ...compared('plan', a.history.plan, b.history.plan),
    ...compared('initial model', a.history.initialModel, b.history.initialModel),
    ...grown('roster of round 1', a.history.started?.join(' '), b.history.started?.join(' ')),
    ...a.history.rounds.flatMap((round, i) => roundDifferences(round, b.history.rounds[i])),
    ...a.history.notes.flatMap((note, i) => grown(`note ${i + 1}`, note.digest, b.history.notes[i]?.digest)),
    ...grown('outcome', a.history.outcome?.toString(), b.history.outcome?.toString()),
  ];
  const links = linksOf(a.history) - linksOf(b.history);
  const sameHead = a.history.head === b.history.head;
  const contradicts = differences.length > 0 || (links === 0 && !sameHead);
  if (contradicts && differences.length === 0) {
    differences.push({ what: 'head of the same length', a: a.history.head, b: b.history.head });
  }
  const earlier = links < 0 ? 'a is earlier' : 'b is earlier';
  return {
    relation: contradicts ? 'conflict' : links === 0 ? 'same' : earlier,
    differences,
    onlyInA: onlyIn(a.findings, b.findings),
    onlyInB: onlyIn(b.findings, a.findings),
  };
}

/** How often the head was extended. */
function linksOf({ started, rounds, notes, outcome }: StudyHistory): number {
  return (started === null ? 0 : 1) + rounds.length + notes.length + (outcome === null ? 0 : 1);
}

function roundDifferences(a: HistoryRound, b: HistoryRound | undefined): Difference[] {
  if (b === undefined || a.recordHash === b.recordHash) return [];
  const { round } = a;
  const fields = (['outcome', 'baseModel', 'globalModel', 'manifest', 'time'] as const).flatMap((field) =>
    compared(field, String(a[field]), String(b[field])),
  );
  const slots = new Set([...a.entries, ...b.entries].map(({ slot }) => slot));
  const entries = [...slots].flatMap((slot) => compared(`entry of slot ${slot}`, entryOf(a, slot), entryOf(b, slot)));
  return [...compared('record hash', a.recordHash, b.recordHash), ...fields, ...entries].map((one) => ({
    round,
    ...one,
  }));
}

function entryOf({ entries }: HistoryRound, slot: number): string {
  const entry = entries.find((one) => one.slot === slot);
  return entry === undefined ? 'none' : `${entry.status}, ${entry.reason}, ${entry.samples}, ${entry.update}`;
}

function compared(what: string, a: string, b: string): Difference[] {
  return a === b ? [] : [{ what, a, b }];
}

/** What the later of two has and the earlier does not yet is no difference. */
function grown(what: string, a: string | undefined, b: string | undefined): Difference[] {
  return a === undefined || b === undefined ? [] : compared(what, a, b);
}

function onlyIn(these: readonly Finding[], those: readonly Finding[]): Finding[] {
  const known = new Set(those.map(keyOf));
  return these.filter((finding) => !known.has(keyOf(finding)));
}
