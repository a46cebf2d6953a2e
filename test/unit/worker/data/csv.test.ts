import { appendFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { SyndicError } from '../../../../core/errors/SyndicError.ts';
import type { DataPlan } from '../../../../core/plan/Plan.ts';
import { slot } from '../../../../core/values.ts';
import { CsvSource } from '../../../../worker/data/csv.ts';
import type { DatasetSchema, SourceRow } from '../../../../worker/data/port.ts';
import { column, testPlan } from './plans.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
let files = 0;

function csv(content: string | Uint8Array, name = `data-${++files}.csv`): string {
  return folder.write(name, content);
}

const base = testPlan().data;

function schema(more: Partial<DatasetSchema> = {}): DatasetSchema {
  return { ...base, ...more };
}

async function read(content: string | Uint8Array, more: Partial<DatasetSchema> = {}): Promise<SourceRow[]> {
  return readFile(csv(content), more);
}

async function readFile(path: string, more: Partial<DatasetSchema> = {}): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const chunk of new CsvSource({ path }).rows(schema(more))) rows.push(...chunk);
  return rows;
}

async function failure(promise: Promise<unknown>): Promise<SyndicError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SyndicError)) throw new Error(`not a SyndicError: ${error}`);
  return error;
}

const cellsOf = (rows: readonly SourceRow[]) => rows.map((row) => row.cells);
const faultsOf = (rows: readonly SourceRow[]) => rows.map((row) => row.fault);

describe('reading a CSV file', () => {
  test('numbers are read as numbers, the declared spellings of missing and the empty field as null', async () => {
    const rows = await read('1.0,.7,-3e2\n?,,+4.\n');
    expect(cellsOf(rows)).toEqual([
      [1, 0.7, -300],
      [null, null, 4],
    ]);
    expect(rows.map((row) => row.position)).toEqual([0, 1]);
  });

  test('a number that stands for missing is missing', async () => {
    const format = { ...base.format, missing: ['-9', 'NA'] };
    expect(cellsOf(await read('-9,NA,1\n', { format }))).toEqual([[null, null, 1]]);
  });

  test('what only programs call a number (hex, separators, infinities) does not fit a column of numbers', async () => {
    const rows = await read('0x10,1,1\n1_000,1,1\ninf,1,1\nNaN,1,1\n1e999,1,1\n');
    expect(faultsOf(rows)).toEqual(new Array(5).fill({ kind: 'type', column: 'a' }));
    expect(rows[0]?.cells[0]).toBe('0x10');
  });

  test('blank lines are no rows, line ends may be of either kind, and the last may be absent', async () => {
    expect(cellsOf(await read('1,2,3\r\n\r\n4,5,6\r\n\r\n'))).toEqual(cellsOf(await read('1,2,3\n\n\n4,5,6')));
    expect(cellsOf(await read('1,2,3\n4,5,6\r\n7,8,9\n'))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
  });

  test('a header names the columns, in any order and among others, also behind a byte order mark', async () => {
    const format = { ...base.format, header: true };
    const rows = await read('\ufeffy,"other, one",b,a\n0,x,2,1\n\n1,y,4,3\n', { format });
    expect(cellsOf(rows)).toEqual([
      [1, 2, 0],
      [3, 4, 1],
    ]);
    expect(rows.map((row) => row.position)).toEqual([0, 1]);
  });

  test('a header may follow blank lines and have line breaks in quotes; alone it makes no rows', async () => {
    const format = { ...base.format, header: true };
    expect(cellsOf(await read('\n\r\na,"o\nther",b,y\n1,2,3,4\n', { format }))).toEqual([[1, 3, 4]]);
    expect(await read('a,b,y', { format })).toEqual([]);
    const latin = Buffer.from('a,b,y,\xe9\n1,2,3,4\n5,6,7,8\n', 'latin1');
    expect((await failure(read(latin, { format }))).message).toContain('not UTF-8');
    expect((await failure(read('', { format }))).message).toContain('column "a" is not in the header');
  });

  test('a header that lacks a column or has it twice is refused, naming the column', async () => {
    const format = { ...base.format, header: true };
    const error = await failure(read('a,a,b\n1,2,3\n', { format }));
    expect(error.code).toBe('DATA_INVALID');
    expect(error.message).toContain('column "y" is not in the header');
    expect(error.message).toContain('column "a" is in the header more than once');
  });

  test('other delimiters and quoted fields, with delimiters, quotes and line breaks in them, are read', async () => {
    const format = { ...base.format, delimiter: ';' };
    const columns = [column('a'), column('b', { type: 'text' }), column('y')];
    const rows = await read('1;"x;""y""\nz";0\n2; w ;1\n', { format, columns });
    expect(cellsOf(rows)).toEqual([
      [1, 'x;"y"\nz', 0],
      [2, 'w', 1],
    ]);
  });

  test('a row that does not fit is marked with kind and column, and keeps its place among the others', async () => {
    const columns = [
      column('a', { min: 0, max: 10 }),
      column('b', { levels: [1, 2] }),
      column('y', { type: 'text', levels: ['yes', 'no', 1] }),
    ];
    const rows = await read('1,1.0,yes\n11,1,no\n-1,1,no\n5,3,no\n5,2,maybe\n5,2\n5,2,no,9\nx,2,no\n6,2,1.0\n', {
      columns,
    });
    expect(faultsOf(rows)).toEqual([
      null,
      { kind: 'range', column: 'a' },
      { kind: 'range', column: 'a' },
      { kind: 'level', column: 'b' },
      { kind: 'level', column: 'y' },
      { kind: 'fields', column: null },
      { kind: 'fields', column: null },
      { kind: 'type', column: 'a' },
      null,
    ]);
    expect(rows.map((row) => row.position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('a row that is not UTF-8 is counted, without a place', async () => {
    const bytes = Buffer.concat([Buffer.from('1,2,3\n'), Buffer.from([0xff, 0xfe]), Buffer.from(',1,2\n3,3,3\n')]);
    const rows = await read(bytes);
    expect(rows).toHaveLength(3);
    expect(rows[2]).toEqual({ position: null, cells: [], fault: { kind: 'unreadable', column: null } });
  });

  test('an open quote is refused rather than swallowing the rows after it', async () => {
    const short = await failure(read('1,2,3\n"open,1,2\n3,3,3\n4,4,4\n'));
    expect(short).toMatchObject({ code: 'DATA_INVALID', details: { position: 1 } });
    const closedLate = await failure(read('1,2,3\n"4,5,6\n7",8,9\n'));
    expect(closedLate.code).toBe('DATA_INVALID');
    const overlong = await failure(read(`1,2,3\n"open,1,2\n${'3,3,3\n'.repeat(600_000)}`));
    expect(overlong.code).toBe('DATA_INVALID');
  });

  test('an empty file has no rows', async () => {
    expect(await read('')).toEqual([]);
  });

  test('a file that changes while it is read is refused', async () => {
    const path = csv('1,2,3\n'.repeat(20_000));
    const reading = async () => {
      let chunks = 0;
      for await (const chunk of new CsvSource({ path }).rows(schema())) {
        if (chunks === 0) appendFileSync(path, `${chunk.length},2,3\n`);
        chunks += 1;
      }
    };
    expect(await failure(reading())).toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining('changed'),
    });
  });

  test('a file that is not there, is a folder, or whose name is a pattern is refused', async () => {
    expect((await failure(readFile(`${folder.path}/absent.csv`))).code).toBe('NOT_FOUND');
    expect((await failure(readFile(folder.path))).code).toBe('NOT_FOUND');
    expect((await failure(readFile(csv('1,2,3\n', 'all*.csv')))).code).toBe('DATA_INVALID');
  });

  test('quotes in a file’s name and odd delimiters are no way into the query', async () => {
    expect(cellsOf(await readFile(csv('1,2,3\n', "it's.csv")))).toEqual([[1, 2, 3]]);
    const format = { ...base.format, delimiter: "'" };
    expect(cellsOf(await read("1'2'3\n", { format }))).toEqual([[1, 2, 3]]);
  });

  test('many rows keep the order of the file', async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `${i},${(i * 7919) % 30_011},0`);
    const rows = await read(`${lines.join('\n')}\n`);
    expect(rows.map((row) => row.cells[0])).toEqual(lines.map((_, i) => i));
  });
});

describe('a row key', () => {
  test('orders rows by number, those without one last as they stand, whatever the file’s order', async () => {
    const expected = [
      [2, 0, 0],
      [9, 1, 1],
      [10, 2, 0],
      [null, 7, 0],
      ['x', 5, 0],
    ];
    const lines = ['10,2,0', '?,7,0', '9,1,1', 'x,5,0', '2.0,0,0'];
    const rows = await read(`${lines.join('\n')}\n`, { rowKey: 'a' });
    expect(cellsOf(rows)).toEqual(expected);
    expect(rows.map((row) => row.position)).toEqual([4, 2, 0, 1, 3]);
    expect(rows[3]?.fault).toEqual({ kind: 'key', column: 'a' });
  });

  test('orders text by its UTF-8 bytes', async () => {
    const columns = [column('a', { type: 'text' }), column('b'), column('y')];
    const rows = await read('é,1,0\nb,2,0\n a ,3,0\nB,4,0\n10,5,0\n9,6,0\n', { columns, rowKey: 'a' });
    expect(rows.map((row) => row.cells[0])).toEqual(['10', '9', 'B', 'a', 'b', 'é']);
  });

  test('that repeats is refused: its rows would have no order of their own', async () => {
    const error = await failure(read('1,0,0\n2,0,0\n1.0,5,0\n', { rowKey: 'a' }));
    expect(error).toMatchObject({ code: 'DATA_INVALID', details: { column: 'a', count: 1 } });
  });
});

test('more rows to sort than the memory allowed holds is an error, never fewer rows', async () => {
  const lines = Array.from({ length: 200_000 }, (_, i) => `${(i * 7919) % 200_017},${i},${'9'.repeat(60)}`);
  const sorted = async (memoryLimit: string) => {
    const path = csv(lines.join('\n'), 'large.csv');
    let rows = 0;
    for await (const chunk of new CsvSource({ path, memoryLimit }).rows(schema({ rowKey: 'a' }))) rows += chunk.length;
    return rows;
  };
  expect((await failure(sorted('30MB'))).code).toBe('TOO_LARGE');
  await expect(sorted('1GB')).resolves.toBe(200_000);
});

describe('loading a site', () => {
  const load = (content: string, data: Partial<DataPlan> = {}, more = {}) =>
    new CsvSource({ path: csv(content) }).load(testPlan({ data: { ...base, ...data }, ...more }), slot(1));

  test('counts every row: trained on, tested on, set aside or dropped', async () => {
    const data = await load('1,2,0\n2,?,1\nx,1,1\n3,4,1\n5,6,?\n7,8,0\n9,9,1\n1,2\n');
    expect(data.rowCount).toBe(8);
    expect(data.quarantined).toEqual({
      count: 2,
      reasons: [
        { kind: 'fields', column: null, count: 1 },
        { kind: 'type', column: 'a', count: 1 },
      ],
    });
    expect(data.dropped).toEqual({
      count: 2,
      reasons: [
        { column: 'b', count: 1 },
        { column: 'y', count: 1 },
      ],
    });
    expect([data.train.rows, data.test.rows, data.unused]).toEqual([3, 1, 0]);
  });

  test('a plan that refuses bad rows refuses the dataset, with column, count and what to do, but no value', async () => {
    const error = await failure(load('1,2,0\nsecret,4,1\n3,hidden,1\n', { badRows: 'refuse' }));
    expect(error.code).toBe('DATA_INVALID');
    expect(error.message).toContain('column "a": 1 not a number');
    expect(error.message).toContain('data.badRows');
    expect(JSON.stringify(error.toJSON())).not.toMatch(/secret|hidden/);
  });

  test('no error about a broken file quotes the file', async () => {
    const error = await failure(load('1,2,0\n"secret,4,1\n3,hidden,1\n'));
    expect(`${JSON.stringify(error.toJSON())} ${error.stack} ${String(error.cause)}`).not.toMatch(/secret|hidden/);
  });

  test('a one-hot feature has an indicator a level, the first dropped, and sets rows of other levels aside', async () => {
    const data = await load(
      '1,1,0\n2.0,1,1\n3,1,1\n9,1,0\n',
      { features: [{ column: 'a', encode: 'onehot', levels: [1, '2', 3], drop: 'first' }] },
      { split: { kind: 'fraction', test: 0 } },
    );
    expect(data.featureNames).toEqual(['a=2', 'a=3']);
    expect([...data.train.x]).toEqual([0, 0, 1, 0, 0, 1]);
    expect(data.quarantined.reasons).toEqual([{ kind: 'level', column: 'a', count: 1 }]);
  });

  test('no level is dropped where the plan says so, and labels are 1 above the threshold', async () => {
    const data = await load(
      'm,1,0\nf,1,2\nm,1,1\n',
      {
        columns: [column('a', { type: 'text' }), column('b'), column('y')],
        features: [
          { column: 'b', encode: 'number' },
          { column: 'a', encode: 'onehot', levels: ['f', 'm'], drop: 'none' },
        ],
        label: { column: 'y', kind: 'binary', above: 1 },
      },
      { split: { kind: 'fraction', test: 0 } },
    );
    expect(data.featureNames).toEqual(['b', 'a=f', 'a=m']);
    expect([...data.train.x]).toEqual([1, 0, 1, 1, 1, 0, 1, 0, 1]);
    expect([...data.train.y]).toEqual([0, 1, 0]);
  });

  test('a dataset without a whole row is refused', async () => {
    expect((await failure(load('?,2,0\n'))).code).toBe('DATA_INVALID');
  });

  test('the same file in another order gives the same arrays under a row key', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${i},${i * i},${i % 2}`);
    const [a, b] = await Promise.all([
      load(`${lines.join('\n')}\n`, { rowKey: 'a' }),
      load(`${lines.toReversed().join('\n')}\n`, { rowKey: 'a' }),
    ]);
    expect(b).toEqual(a);
  });
});
