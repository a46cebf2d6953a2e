import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Plan } from '../../core/plan/Plan.ts';
import type { Slot } from '../../core/values.ts';
import { type Encoder, encoder } from './encode.ts';
import { describeFaults, FaultTally } from './FaultTally.ts';
import { type Matrix, type Scale, scaleRows, scales } from './normalise.ts';
import type { Cell, RowSource, Rows, SiteData, Tally } from './port.ts';
import { splitRows } from './split.ts';
import { readSplitFile } from './splitFile.ts';

/**
 * What every connector does with its rows: check, drop, encode, split, normalise.
 * @param splitFile path of the site's own split, needed when the plan's split is a file
 * @throws SyndicError DATA_INVALID, NOT_FOUND, PLAN_INVALID
 */
export async function loadSite(
  source: RowSource,
  plan: Plan,
  slot: Slot,
  splitFile: string | undefined,
): Promise<SiteData> {
  const positions = plan.split.kind === 'file' && splitFile !== undefined ? await readSplitFile(splitFile) : null;
  const encode = encoder(plan.data);
  const gathered = await gather(source, plan, encode);
  refuseBadRows(plan, gathered.quarantined);
  const { kept, x, y } = gathered;
  const { train, test } = splitRows(plan, slot, kept, positions);
  const by = scales(x, train, plan.data.normalise);
  return {
    train: part(x, y, train, by),
    test: part(x, y, test, by),
    features: encode.names.length,
    featureNames: encode.names,
    rowCount: kept.sourceRows,
    quarantined: gathered.quarantined,
    dropped: gathered.dropped,
    unused: kept.count - train.length - test.length,
  };
}

interface Gathered {
  readonly kept: Parameters<typeof splitRows>[2];
  readonly x: Matrix;
  readonly y: readonly number[];
  readonly quarantined: Tally;
  readonly dropped: SiteData['dropped'];
}

async function gather(source: RowSource, plan: Plan, encode: Encoder): Promise<Gathered> {
  const columns = encode.names.length;
  const values = new GrowingFloats();
  const y: number[] = [];
  const positions: number[] = [];
  const marks: Cell[] = [];
  const markAt = splitColumn(plan);
  const faults = new FaultTally();
  const dropped = new Map<string, number>();
  let sourceRows = 0;
  let positionsKnown = true;
  for await (const rows of source.rows(plan.data)) {
    sourceRows += rows.length;
    for (const row of rows) {
      if (row.position === null) positionsKnown = false;
      const encoded = row.fault === null ? encode.encode(row.cells) : { kind: 'fault' as const, fault: row.fault };
      if (encoded.kind === 'fault') faults.add(encoded.fault);
      else if (encoded.kind === 'incomplete') dropped.set(encoded.column, (dropped.get(encoded.column) ?? 0) + 1);
      else {
        values.push(encoded.x);
        y.push(encoded.y);
        positions.push(row.position ?? -1);
        if (markAt >= 0) marks.push(row.cells[markAt] ?? null);
      }
    }
  }
  return {
    kept: { count: y.length, positions, marks, sourceRows, positionsKnown },
    x: { values: values.result(), columns },
    y,
    quarantined: faults.result(),
    dropped: {
      count: [...dropped.values()].reduce((sum, count) => sum + count, 0),
      reasons: [...dropped].map(([column, count]) => ({ column, count })),
    },
  };
}

function splitColumn(plan: Plan): number {
  const { split } = plan;
  if (split.kind !== 'column') return -1;
  const at = plan.data.columns.findIndex((column) => column.name === split.column);
  if (at < 0) {
    throw new SyndicError('PLAN_INVALID', `the plan splits by column "${split.column}" but does not declare it`, {
      column: split.column,
    });
  }
  return at;
}

function refuseBadRows(plan: Plan, bad: Tally): void {
  if (bad.count === 0 || plan.data.badRows !== 'refuse') return;
  throw new SyndicError(
    'DATA_INVALID',
    `${bad.count} rows do not fit the plan's schema (${describeFaults(bad)}). The plan refuses such a dataset: mend these rows, or agree on a plan with data.badRows: quarantine.`,
    { count: bad.count, reasons: bad.reasons },
  );
}

function part(x: Matrix, y: readonly number[], rows: readonly number[], by: readonly Scale[]): Rows {
  const values = sharedFloats(rows.length * x.columns);
  scaleRows(x, rows, by, values);
  const labels = sharedFloats(rows.length);
  labels.set(rows.map((row) => y[row] ?? Number.NaN));
  return { rows: rows.length, x: values, y: labels };
}

function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
}

/** Float64 values in one array that doubles as it fills: a row as objects would take ten times the memory. */
class GrowingFloats {
  private values = new Float64Array(4096);
  private length = 0;

  push(items: readonly number[]): void {
    if (this.length + items.length > this.values.length) {
      const grown = new Float64Array(Math.max(this.values.length * 2, this.length + items.length));
      grown.set(this.values);
      this.values = grown;
    }
    this.values.set(items, this.length);
    this.length += items.length;
  }

  result(): Float64Array {
    return this.values.subarray(0, this.length);
  }
}
