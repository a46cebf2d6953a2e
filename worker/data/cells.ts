import type { ColumnPlan } from '../../core/plan/Plan.ts';
import { levelKey, NUMBER, trimField } from './levels.ts';
import type { Cell, DatasetSchema, Fault, FaultKind } from './port.ts';

/** Turns the text of a row's fields into cells, and says whether they fit. */
export interface CellReader {
  /** @param fields one a declared column, as the source spells them; null is missing. */
  read(fields: readonly (string | null)[]): { readonly cells: Cell[]; readonly fault: Fault | null };
}

interface ColumnReader {
  readonly name: string;
  readonly read: (text: string | null) => Cell;
  readonly check: (cell: number | string) => FaultKind | null;
}

/** Spaces and tabs around a field are no part of it; the empty field and the schema's spellings of missing are null. */
export function cellReader(schema: DatasetSchema): CellReader {
  const missing = new Set(['', ...schema.format.missing.map(trimField)]);
  const columns = schema.columns.map((column) => columnReader(column, missing));
  const key = schema.columns.findIndex((column) => column.name === schema.rowKey);
  return {
    read(fields) {
      const cells: Cell[] = new Array(columns.length);
      let fault: Fault | null = null;
      for (const [i, column] of columns.entries()) {
        const cell = column.read(fields[i] ?? null);
        cells[i] = cell;
        const kind = cell === null ? (i === key ? 'key' : null) : column.check(cell);
        if (kind !== null) fault ??= { kind, column: column.name };
      }
      return { cells, fault };
    },
  };
}

function columnReader(column: ColumnPlan, missing: ReadonlySet<string>): ColumnReader {
  const levels = column.levels && new Set(column.levels.map(levelKey));
  const numeric = column.type === 'number';
  return {
    name: column.name,
    read(text) {
      const trimmed = text === null ? '' : trimField(text);
      if (missing.has(trimmed)) return null;
      if (!numeric || !NUMBER.test(trimmed)) return trimmed;
      const value = Number(trimmed);
      return Number.isFinite(value) ? value : trimmed;
    },
    check(cell) {
      if (numeric) {
        if (typeof cell !== 'number') return 'type';
        if (column.min !== null && cell < column.min) return 'range';
        if (column.max !== null && cell > column.max) return 'range';
      }
      return levels === null || levels.has(levelKey(cell)) ? null : 'level';
    },
  };
}
