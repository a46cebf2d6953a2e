import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type DuckDBConnection, type DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { cellReader } from './cells.ts';
import { csvLayout } from './csvHeader.ts';
import { csvQuery, type Layout, REJECTS_QUERY } from './csvQuery.sql.ts';
import type { Cell, DatasetSchema, SourceRow } from './port.ts';

export interface CsvOptions {
  /** The file. UTF-8; quoting as RFC 4180; blank lines are no rows. */
  readonly path: string;
  /** Most memory that DuckDB may take, as DuckDB spells it. Default 1GB. Rows are streamed, but a sort by row key must
   *  fit it: rows are never spilled to another disk. */
  readonly memoryLimit?: string;
}

/** The rows of a CSV file through a DuckDB of its own, which can read the file's folder and nothing else. */
export async function* csvRows(options: CsvOptions, schema: DatasetSchema): AsyncGenerator<SourceRow[]> {
  const path = resolve(options.path);
  const before = await fileState(path);
  const layout = await csvLayout(path, schema);
  const instance = await openDuckDB(path, options);
  try {
    const connection = await instance.connect();
    try {
      yield* readRows(connection, path, layout, schema);
      if ((await fileState(path)) !== before) throw unreadableFile(path, 'it changed while it was read');
      const unreadable = await countUnreadable(connection, path);
      if (unreadable > 0) yield Array.from({ length: unreadable }, () => UNREADABLE);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

const UNREADABLE: SourceRow = { position: null, cells: [], fault: { kind: 'unreadable', column: null } };

async function* readRows(
  connection: DuckDBConnection,
  path: string,
  layout: Layout,
  schema: DatasetSchema,
): AsyncGenerator<SourceRow[]> {
  const cells = cellReader(schema);
  const keys = new KeyWatch(schema, path);
  const result = await guarded(path, connection.stream(csvQuery(path, layout, schema)));
  let complete = false;
  for (;;) {
    const chunk = await guarded(path, result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) break;
    const rows: SourceRow[] = [];
    for (const record of records(chunk, layout.width)) {
      if (record === null) complete = true;
      else rows.push(toRow(record, layout, cells, path));
    }
    keys.watch(rows);
    if (rows.length > 0) yield rows;
  }
  // A DuckDB stream that fails half-way just ends; the query's last row says that it did not.
  if (!complete) throw unreadableFile(path);
  keys.finish();
}

interface TextRecord {
  readonly position: number;
  /** One more than the layout is wide: what stands in the last is one field too many. */
  readonly fields: readonly (string | null)[];
}

/** Null stands for the query's closing row. */
function* records(chunk: DuckDBDataChunk, width: number): Generator<TextRecord | null> {
  const more = chunk.getColumnVector(0);
  const position = chunk.getColumnVector(1);
  const fields = Array.from({ length: width + 1 }, (_, i) => chunk.getColumnVector(i + 2));
  for (let i = 0; i < chunk.rowCount; i += 1) {
    if (more.getItem(i) !== true) yield null;
    else {
      yield {
        position: Number(position.getItem(i)),
        fields: fields.map((vector) => {
          const item = vector.getItem(i);
          return typeof item === 'string' ? item : null;
        }),
      };
    }
  }
}

function toRow(record: TextRecord, layout: Layout, reader: ReturnType<typeof cellReader>, path: string): SourceRow {
  const { position, fields } = record;
  const extra = fields[layout.width] ?? null;
  // A delimiter after the last field is common and harmless; anything behind it is not.
  const whole = (extra === null || extra === '') && !fields.slice(0, layout.width).includes(null);
  if (!whole) {
    if (fields.some((field) => field?.includes('\n'))) throw openQuote(path, position);
    return { position, cells: [], fault: { kind: 'fields', column: null } };
  }
  const { cells, fault } = reader.read(layout.at.map((i) => fields[i] ?? null));
  if (fault?.kind === 'type' && cells.some((cell) => typeof cell === 'string' && cell.includes('\n'))) {
    throw openQuote(path, position);
  }
  return { position, cells, fault };
}

/** Row keys order the rows, so two rows may not share one: their order would be the source's own. */
class KeyWatch {
  private readonly column: string | null;
  private readonly at: number;
  private readonly path: string;
  private last: Cell = null;
  private repeats = 0;

  constructor(schema: DatasetSchema, path: string) {
    this.column = schema.rowKey;
    this.at = schema.columns.findIndex((column) => column.name === schema.rowKey);
    this.path = path;
  }

  watch(rows: readonly SourceRow[]): void {
    if (this.column === null) return;
    for (const row of rows) {
      const key = row.cells[this.at] ?? null;
      if (key !== null && key === this.last) this.repeats += 1;
      this.last = key;
    }
  }

  finish(): void {
    if (this.repeats === 0) return;
    throw new SyndicError(
      'DATA_INVALID',
      `${this.path}: ${this.repeats} rows repeat the row key "${this.column}" of another row, so the rows have no order ` +
        'of their own: make the key unique (long numbers are told apart only in a column of type text), or plan without one.',
      { column: this.column, count: this.repeats },
    );
  }
}

/** Rows that DuckDB could not decode; it says nothing of their place that could be relied on. */
async function countUnreadable(connection: DuckDBConnection, path: string): Promise<number> {
  const rejects = await connection.runAndReadAll(REJECTS_QUERY);
  let unreadable = 0;
  for (const [kind, count] of rejects.getRowsJson()) {
    if (kind !== 'INVALID ENCODING') {
      throw new SyndicError(
        'DATA_INVALID',
        `${path}: ${count} rows cannot be told apart (${String(kind).toLowerCase()}): look for an open quote or an overlong line, and check the delimiter.`,
        { kind, count: Number(count) },
      );
    }
    unreadable += Number(count);
  }
  return unreadable;
}

async function openDuckDB(path: string, options: CsvOptions): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run(`SET memory_limit = ${quote(options.memoryLimit ?? '1GB')}`);
    await connection.run("SET temp_directory = ''");
    await connection.run(`SET allowed_directories = [${quote(dirname(path))}]`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
  } catch (cause) {
    instance.closeSync();
    throw new SyndicError('CONFIG_INVALID', `DuckDB refuses its settings: ${String(cause)}`, {}, { cause });
  } finally {
    connection.closeSync();
  }
  return instance;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** What changes when somebody writes to the file or puts another in its place. */
async function fileState(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  if (!found?.isFile()) {
    throw new SyndicError('NOT_FOUND', `there is no file at ${path}: name the dataset's CSV file`, { path });
  }
  if (/[*?[\]{}]/.test(path)) {
    throw new SyndicError(
      'DATA_INVALID',
      `${path}: DuckDB takes * ? [ ] { } in a path for a pattern; rename the file or its folder`,
      { path },
    );
  }
  return `${found.ino} ${found.size} ${found.mtimeNs}`;
}

/** DuckDB's own messages quote the line they failed on, so only their kind goes any further. */
async function guarded<T>(path: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    const kind = /^(?:Error: )?([A-Z][A-Za-z ]{0,39} Error):/.exec(String(error))?.[1];
    if (kind !== 'Out of Memory Error') throw unreadableFile(path, kind);
    throw new SyndicError(
      'TOO_LARGE',
      `${path} does not fit the memory that DuckDB may take: allow more, or keep the file sorted and plan without a row key`,
      { path },
    );
  }
}

function unreadableFile(path: string, reason?: string): SyndicError {
  return new SyndicError(
    'DATA_INVALID',
    `${path} cannot be read to its end as CSV${reason === undefined ? '' : ` (${reason})`}: check its delimiter, quotes and line endings, and that nothing writes to it meanwhile.`,
    { path },
  );
}

function openQuote(path: string, position: number): SyndicError {
  return new SyndicError(
    'DATA_INVALID',
    `${path}: row ${position} (from 0) swallows lines after it: a quote is opened there and closed late or never. Close or double it.`,
    { path, position },
  );
}
