import { trimField } from './levels.ts';
import type { DatasetSchema } from './port.ts';

/** Where the declared columns stand among the file's. */
export interface Layout {
  /** Fields a row of the file has. */
  readonly width: number;
  /** For each declared column its field, from 0. */
  readonly at: readonly number[];
}

/** What DuckDB is told an absent field is spelled like, so that it can be told from an empty one. No field has it. */
const ABSENT = '\u0001absent\u0001';

/**
 * Columns: `more` (false in the one closing row that proves the stream complete), `position` from 0, then the fields
 * as text and one field beyond the last, null where the row is too short to have one.
 *
 * Everything is read as text and padded rather than rejected: DuckDB's reject table knows a bad row's line, but not
 * its place among rows, and in strict mode with padding an open quote loses the rest of the file without a word.
 */
export function csvQuery(path: string, layout: Layout, schema: DatasetSchema): string {
  const names = Array.from({ length: layout.width + 1 }, (_, i) => `c${i}`);
  const source = `read_csv(${literal(path)}, auto_detect = false, header = false,
    delim = ${literal(schema.format.delimiter)}, quote = '"', escape = '"', comment = '', nullstr = ${literal(ABSENT)},
    columns = {${names.map((name) => `'${name}': 'VARCHAR'`).join(', ')}}, compression = 'none', encoding = 'utf-8',
    null_padding = true, strict_mode = false, parallel = false, store_rejects = true, rejects_limit = 0)`;
  // DuckDB's own `header` takes a blank line for one; here the header is the first row, numbered from 1 like any other.
  const header = schema.format.header ? 1 : 0;
  const numbered = `SELECT row_number() OVER () - ${1 + header} AS position, ${names.join(', ')} FROM ${source}`;
  const rows = `SELECT true AS more, * FROM (${numbered}) WHERE position >= 0`;
  const all = `SELECT * FROM (${rows}) UNION ALL BY NAME SELECT false AS more`;
  const key = keyExpression(layout, schema);
  return key === null ? all : `SELECT * FROM (${all}) ORDER BY more DESC, ${key} ASC NULLS LAST, position`;
}

/** By kind, how many rows DuckDB set aside. Not their text (`csv_line`, `error_message`): it is a patient's. */
export const REJECTS_QUERY = 'SELECT error_type::VARCHAR, count(DISTINCT byte_position) FROM reject_errors GROUP BY 1';

/** The row key's value as `cells.ts` reads it: trimmed, null where missing, a number in a column of numbers. */
function keyExpression(layout: Layout, schema: DatasetSchema): string | null {
  const at = schema.columns.findIndex((column) => column.name === schema.rowKey);
  const field = layout.at[at];
  if (field === undefined) return null;
  const text = `trim(c${field}, ' ' || chr(9))`;
  const missing = ['', ...schema.format.missing.map(trimField)].map(literal).join(', ');
  const number = `CASE WHEN regexp_full_match(${text}, '[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?') THEN TRY_CAST(${text} AS DOUBLE) END`;
  const value = schema.columns[at]?.type === 'number' ? number : text;
  return `CASE WHEN ${text} IN (${missing}) THEN NULL ELSE ${value} END`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
