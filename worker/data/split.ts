import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import { purposes } from '../../core/random/purposes.ts';
import { RandomStream } from '../../core/random/RandomStream.ts';
import type { Slot } from '../../core/values.ts';
import { levelKey } from './levels.ts';
import type { Cell } from './port.ts';
import type { SplitFile } from './splitFile.ts';

/** The rows that are left after checking and dropping, in the dataset's order. */
export interface KeptRows {
  readonly count: number;
  /** Each row's place in the source. */
  readonly positions: readonly number[];
  /** Each row's cell in the split's column; empty when the split has none. */
  readonly marks: readonly Cell[];
  /** All rows of the source, kept or not. */
  readonly sourceRows: number;
  /** Whether every row's place in the source is known. */
  readonly positionsKnown: boolean;
}

/** Kept rows by number, each part ascending. */
export interface Split {
  readonly train: number[];
  readonly test: number[];
}

/**
 * Parts a site's rows as the plan says.
 * @param file the site's own file of positions, already read; needed by `split.kind: file` alone
 * @throws SyndicError DATA_INVALID when the parts do not fit the rows, or no row is left to train on
 */
export function splitRows(plan: Plan, slot: Slot, kept: KeptRows, file: SplitFile | null): Split {
  const split = parts(plan, slot, kept, file);
  if (split.train.length === 0) {
    throw new SyndicError(
      'DATA_INVALID',
      `no row is left to train on: of ${kept.sourceRows} rows ${kept.count} are whole, and the split gives ${split.test.length} of them to the test part. Check the data's missing values and the plan's split.`,
      { rows: kept.sourceRows, kept: kept.count, test: split.test.length },
    );
  }
  return split;
}

function parts(plan: Plan, slot: Slot, kept: KeptRows, file: SplitFile | null): Split {
  switch (plan.split.kind) {
    case 'fraction':
      return byFraction(plan.seed, slot, kept.count, plan.split.test);
    case 'column':
      return byColumn(kept.marks, plan.split.train, plan.split.test);
    case 'file':
      if (file === null) {
        throw new SyndicError(
          'DATA_INVALID',
          'the plan wants a split file of the site: configure the path of a JSON file {"train": […], "test": […]} of row positions from 0',
        );
      }
      return byFile(kept, file);
  }
}

/** Shuffles the kept rows by (plan seed, "split", slot) and takes the first round(n · fraction) as the test part. */
function byFraction(seed: number, slot: Slot, count: number, fraction: number): Split {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  RandomStream.of(seed, purposes.split, slot).shuffle(order);
  const held = Math.round(count * fraction);
  return { test: [...order.slice(0, held).sort()], train: [...order.slice(held).sort()] };
}

function byColumn(marks: readonly Cell[], train: string, test: string): Split {
  const rowsOf = (part: string): number[] => {
    const key = levelKey(part);
    return marks.flatMap((mark, i) => (mark !== null && levelKey(mark) === key ? [i] : []));
  };
  return { train: rowsOf(train), test: rowsOf(test) };
}

function byFile(kept: KeptRows, file: SplitFile): Split {
  if (!kept.positionsKnown) {
    throw new SyndicError(
      'DATA_INVALID',
      'the split names rows by position, but some rows cannot be read at all, so positions after them are uncertain: mend those rows (they are not UTF-8)',
    );
  }
  const numbers = new Map(kept.positions.map((position, i) => [position, i]));
  const named = [...file.train, ...file.test];
  const beyond = named.filter((position) => position >= kept.sourceRows).length;
  const lost = named.filter((position) => position < kept.sourceRows && !numbers.has(position)).length;
  if (beyond > 0 || lost > 0) {
    const faults = [
      ...(beyond > 0 ? [`${beyond} positions are past the last of ${kept.sourceRows} rows`] : []),
      ...(lost > 0 ? [`${lost} positions are of rows that are set aside or lack a value the plan needs`] : []),
    ];
    throw new SyndicError(
      'DATA_INVALID',
      `the split file does not fit the data: ${faults.join('; ')}. List kept rows only, by position in the source from 0 (no header, no blank lines).`,
      { beyond, lost, rows: kept.sourceRows },
    );
  }
  const toRows = (positions: readonly number[]): number[] =>
    positions.flatMap((position) => numbers.get(position) ?? []).sort((a, b) => a - b);
  return { train: toRows(file.train), test: toRows(file.test) };
}
