import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SyndicError } from '../../core/errors/SyndicError.ts';
import { CsvSource } from '../../worker/data/csv.ts';
import type { DatasetSchema, SourceRow } from '../../worker/data/port.ts';
import { column, testPlan } from '../unit/worker/data/plans.ts';
import { temporaryFolder } from '../unit/worker/data/temporary.ts';
import { awkwardText, spoilt } from './arbitraries.ts';
import { expectRefusal } from './refused.ts';
import { runs } from './runs.ts';

/** Stands in every row, and must stand in nothing that is told. */
const PATIENT = 'p4t13nt';
const folder = temporaryFolder();
const base = testPlan().data;
const columns = [column('a', { min: 0, max: 1e6 }), column('b', { type: 'text' }), column('y')];

function schema(header: boolean, rowKey: string | null): DatasetSchema {
  return { ...base, columns, rowKey, format: { ...base.format, header } };
}

/** What became of a file: its rows, or why it was refused. */
async function read(bytes: Uint8Array, of: DatasetSchema): Promise<{ rows: SourceRow[]; refused: SyndicError | null }> {
  const path = folder.write('hostile.csv', bytes);
  const rows: SourceRow[] = [];
  try {
    for await (const chunk of new CsvSource({ path }).rows(of)) rows.push(...chunk);
    return { rows, refused: null };
  } catch (error) {
    expectRefusal(['DATA_INVALID', 'TOO_LARGE'], error);
    // Neither the log nor the coordinator may learn of a row by way of a message.
    expect(JSON.stringify([error, error.message])).not.toContain(PATIENT);
    return { rows: [], refused: error };
  }
}

const field = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('1', '2.5', '?', '-3e2', PATIENT, '') },
  awkwardText,
  fc.constantFrom(
    '"',
    '""',
    '"a',
    'a"b',
    '"a\nb"',
    '\r',
    '\u0000',
    '\ufeff',
    ',',
    ' 1 ',
    '1e999',
    'NaN',
    '0x10',
    '\u0001absent\u0001',
  ),
  fc.integer({ min: 1, max: 40 }).map((size) => 'x'.repeat(size * 1000)),
);
const line = fc.array(field, { minLength: 0, maxLength: 5 }).map((fields) => fields.join(','));
const text = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom('\n', '\r\n', '\r'))
  .map(([lines, end]) => lines.join(end));
const goodLines = Array.from({ length: 20 }, (_, i) => `${i},${PATIENT},${i % 2}`);
const good = fc.constant(new TextEncoder().encode(`${goodLines.join('\n')}\n`));

describe('a hostile CSV file', () => {
  test('gives rows, each whole or marked with its fault, or is refused with a code that quotes none of them', async () => {
    const bytes = fc.oneof(
      text.map((given) => new TextEncoder().encode(given)),
      fc.uint8Array({ maxLength: 300 }),
      spoilt(good),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), fc.constantFrom(null, 'a'), async (content, header, rowKey) => {
        const { rows } = await read(content, schema(header, rowKey));
        for (const { cells, fault, position } of rows) {
          expect(position === null || Number.isSafeInteger(position)).toBe(true);
          if (fault !== null) continue;
          expect(cells).toHaveLength(columns.length);
          const [a, b, y] = cells;
          for (const number of [a, y]) expect(number === null || Number.isFinite(number)).toBe(true);
          expect(b === null || typeof b === 'string').toBe(true);
        }
      }),
      runs(40),
    );
  });

  test('loses no line that was good: every one is a row, or the file is refused, or a bad one is counted', async () => {
    const bad = fc.constantFrom('1', '1,2', '1,2,3,4', 'x,y,z', '1,"a"b,0', `9,${'x'.repeat(5000)},0`, '-1,a,0', ',,');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: 20 }), bad), { maxLength: 5 }), async (inserted) => {
        const lines = [...goodLines];
        for (const [at, content] of inserted) lines.splice(at, 0, content);
        const { rows, refused } = await read(new TextEncoder().encode(`${lines.join('\n')}\n`), schema(false, null));
        if (refused === null) expect(rows).toHaveLength(lines.length);
        if (refused === null) expect(rows.map(({ position }) => position)).toEqual(lines.map((_, i) => i));
      }),
      runs(15),
    );
  });

  test('whose bytes are not UTF-8 loses no good line either', async () => {
    const broken = fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => bytes.map((byte) => byte | 0x80));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 19 }), broken, async (at, bytes) => {
        const before = new TextEncoder().encode(`${goodLines.slice(0, at).join('\n')}${at > 0 ? '\n' : ''}1,`);
        const after = new TextEncoder().encode(`,0\n${goodLines.slice(at).join('\n')}\n`);
        const { rows, refused } = await read(new Uint8Array([...before, ...bytes, ...after]), schema(false, null));
        if (refused !== null) return;
        const whole = rows.filter(({ fault, cells }) => fault === null && cells[1] === PATIENT);
        expect(whole).toHaveLength(goodLines.length);
        expect(rows).toHaveLength(goodLines.length + 1);
      }),
      runs(15),
    );
  });
});
