import { type EntryStatus, OUTCOME, type Outcome, REASON, STATUS } from '../../core/statements/entries.ts';

/** What a date can say, in seconds: a node may tell of any time. */
const LAST_SECOND = 8_640_000_000_000;

/** Unix seconds as ISO 8601, UTC, without fractions. */
export function utc(seconds: number): string {
  if (!(Math.abs(seconds) <= LAST_SECOND)) return `${seconds} s after 1970`;
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** `1234567` as `1,234,567`. */
export function grouped(count: number | bigint): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 fault`, `2 faults`. @param many where an s is not enough */
export function counted(count: number | bigint, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 || count === 1n ? one : many}`;
}

/** `3`, `4`, `5`, `9` as `3–5, 9`. @param ascending without repeats */
export function runs(ascending: readonly number[]): string {
  const spans: [first: number, last: number][] = [];
  for (const one of ascending) {
    const span = spans.at(-1);
    if (span !== undefined && span[1] === one - 1) span[1] = one;
    else spans.push([one, one]);
  }
  return spans.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
}

/** A part of a whole in percent, with one decimal. */
export function percent(part: bigint, whole: bigint): string {
  if (whole === 0n) return '–';
  const thousandths = (part * 2000n + whole) / (whole * 2n);
  return `${thousandths / 10n}.${thousandths % 10n} %`;
}

/** A span of time in its two largest units. @param seconds whole */
export function span(seconds: number): string {
  const units = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', seconds % 60],
  ] as const;
  const first = units.findIndex(([, count]) => count > 0);
  if (first < 0) return '0 s';
  const shown = units.slice(first, first + 2).filter(([, count]) => count > 0);
  return shown.map(([unit, count]) => `${count} ${unit}`).join(' ');
}

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  [OUTCOME.COMPLETED]: 'completed',
  [OUTCOME.FAILED]: 'failed',
  [OUTCOME.ABORTED]: 'aborted',
};

export function outcomeName(outcome: Outcome): string {
  return OUTCOMES[outcome];
}

const STATUSES: Readonly<Record<EntryStatus, string>> = {
  [STATUS.ABSENT]: 'absent',
  [STATUS.INCLUDED]: 'included',
  [STATUS.EXCLUDED]: 'excluded',
  [STATUS.NOT_SELECTED]: 'not selected',
};

export function statusName(status: EntryStatus): string {
  return STATUSES[status];
}

const REASONS: Readonly<Record<number, string>> = {
  [REASON.NO_ANSWER]: 'no answer',
  [REASON.REFUSED_AT_INTAKE]: 'refused at intake',
  [REASON.AFTER_DEADLINE]: 'after the deadline',
  [REASON.GRANT_ENDED]: 'its grant had ended',
  [REASON.KEY_REVOKED]: 'key revoked or member suspended',
  [REASON.BY_OPERATOR]: 'by the operator',
  [REASON.ROUND_FAILED]: 'the round failed',
  [REASON.ROUND_ABORTED]: 'the round was aborted',
};

/** Why an entry is not included; empty where there is no reason. */
export function reasonName(reason: number): string {
  return reason === REASON.NONE ? '' : (REASONS[reason] ?? `reason ${reason}`);
}
