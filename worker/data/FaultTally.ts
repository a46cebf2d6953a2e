import type { Fault, Tally } from './port.ts';

/** Counts rows by what is wrong with them. It never sees a value. */
export class FaultTally {
  private readonly counts = new Map<string, { fault: Fault; count: number }>();

  add(fault: Fault): void {
    const key = `${fault.kind} ${fault.column ?? ''}`;
    const entry = this.counts.get(key) ?? { fault, count: 0 };
    entry.count += 1;
    this.counts.set(key, entry);
  }

  result(): Tally {
    const entries = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
    return {
      count: entries.reduce((sum, entry) => sum + entry.count, 0),
      reasons: entries.map(({ fault, count }) => ({ kind: fault.kind, column: fault.column, count })),
    };
  }
}

const WORDS: Record<Fault['kind'], string> = {
  fields: 'too few or too many fields',
  unreadable: 'not UTF-8',
  type: 'not a number',
  range: 'outside min and max',
  level: 'not a declared level',
  key: 'no row key',
};

/** A sentence part for people: `column "age": 3 not a number; 2 rows: too few or too many fields`. */
export function describeFaults(tally: Tally): string {
  return tally.reasons
    .map(({ kind, column, count }) =>
      column === null ? `${count} rows: ${WORDS[kind]}` : `column "${column}": ${count} ${WORDS[kind]}`,
    )
    .join('; ');
}
