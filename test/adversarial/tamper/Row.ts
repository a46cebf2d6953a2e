import type { FindingCode } from '../../../audit/findings.ts';
import type { Report } from '../../../audit/verify.ts';
import type { ErrorCode } from '../../../core/errors/codes.ts';
import { rejected } from '../../unit/core/thrown.ts';

/** Who could do it: whoever serves files is a store, whoever serves the chain a node. */
export type Who = 'coordinator' | 'member' | 'operator' | 'store' | 'node' | 'bundle';

/** A finding at its round and slot; of a study as a whole, without. */
export interface Shown {
  readonly code: FindingCode;
  readonly round?: number;
  readonly slot?: number;
}

/** What refuses it before there is anything to find. */
export interface Refused {
  readonly error: ErrorCode;
  /** The contract's own error, where it is the contract that refuses. */
  readonly by?: string;
}

/** One alteration of a good study, and everything that it must show: nothing less, and nothing besides. */
export interface Row<Given, Made = void> {
  readonly name: string;
  readonly who: Who;
  readonly expected: readonly Shown[] | Refused;
  readonly alter: (given: Given) => Made | Promise<Made>;
}

/** What `look` shows: every finding, or, where the row expects a refusal, what refused it. */
export async function shownBy(
  { expected }: Pick<Row<never>, 'expected'>,
  look: () => Promise<Report>,
): Promise<readonly Shown[] | Refused> {
  if ('error' in expected) {
    const { code, details } = await rejected(look());
    const { error } = details as { error?: { readonly name: string } };
    return expected.by === undefined ? { error: code } : { error: code, by: error?.name ?? 'nothing by name' };
  }
  return findingsOf(await look());
}

/** Codes with their places, each once, notices too. */
export function findingsOf({ findings }: Pick<Report, 'findings'>): Shown[] {
  const places = findings.map(({ code, round, slot }) => ({
    ...{ code, ...(round === undefined ? {} : { round }) },
    ...(slot === undefined ? {} : { slot }),
  }));
  return inOrder([...new Map(places.map((one) => [JSON.stringify(one), one])).values()]);
}

export function inOrder(shown: readonly Shown[]): Shown[] {
  return shown.toSorted((a, b) => placeOf(a).localeCompare(placeOf(b)));
}

/** What a row expects, in the order in which it is compared. */
export function expectedOf({ expected }: Pick<Row<never>, 'expected'>): readonly Shown[] | Refused {
  return 'error' in expected ? expected : inOrder(expected);
}

/** As the threat model writes it. */
export function wordsOf({ expected }: Pick<Row<never>, 'expected'>): string {
  if ('error' in expected) return expected.by === undefined ? expected.error : `${expected.error} (${expected.by})`;
  return expected.map(placeOf).join(', ');
}

function placeOf({ code, round, slot }: Shown): string {
  return `${code}${round === undefined ? '' : ` round ${round}`}${slot === undefined ? '' : ` slot ${slot}`}`;
}
