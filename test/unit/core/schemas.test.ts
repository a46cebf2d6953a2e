import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  addressSchema,
  below,
  checkDocument,
  decodeDocument,
  digestSchema,
  encodeDocument,
  instantSchema,
  outcomeSchema,
  pathOf,
  roundSchema,
  samplesSchema,
  signatureSchema,
  slotSchema,
} from '../../../core/schemas.ts';
import { textOf, thrown, utf8 } from './thrown.ts';

const faultsOf = (schema: z.ZodType, value: unknown) =>
  thrown(() => checkDocument('letter', schema, value)).details.faults;

describe('what documents share', () => {
  test.each([
    ['a digest', digestSchema, 64, '32 bytes as lower-case 0x-hex are wanted'],
    ['an address', addressSchema, 40, '20 bytes as lower-case 0x-hex are wanted'],
    ['a signature', signatureSchema, 130, '65 bytes (r, s, v) as lower-case 0x-hex are wanted'],
  ])('%s has one spelling', (_, schema: z.ZodType, digits, message) => {
    const good = `0x${'0a'.repeat(digits / 2)}`;
    expect(schema.parse(good)).toBe(good);
    for (const bad of [`${good}\n`, `${good}00`, `x${good}`, good.slice(0, -1), good.toUpperCase(), '0xa', 7, [good]]) {
      expect(faultsOf(schema, bad)).toEqual([{ path: '', message }]);
    }
  });

  test.each([
    ['a slot', slotSchema, [1, 65_535], [0, 65_536]],
    ['a round', roundSchema, [1, 4_294_967_295], [0, 4_294_967_296]],
    ['an instant', instantSchema, [0, 2 ** 53 - 1], [-1, 2 ** 53]],
    ['samples', samplesSchema, [0, 1_099_511_627_775], [-1, 1_099_511_627_776]],
    ['an outcome', outcomeSchema, [1, 2, 3], [0, 4]],
  ])('%s keeps to its range', (_, schema: z.ZodType, good, bad) => {
    for (const value of good) expect(schema.safeParse(value).data).toBe(value);
    for (const value of [...bad, 1.5, '1', null]) expect(schema.safeParse(value).success).toBe(false);
  });
});

describe('a document', () => {
  const letter = z.strictObject({ to: z.string(), lines: z.array(z.strictObject({ words: z.int() })).optional() });

  test('is taken as its schema has it, and encodes to canonical bytes that decode to it again', () => {
    const value = { to: 'Budapest', lines: [{ words: 3 }] };
    expect(checkDocument('letter', letter, value)).toEqual(value);
    const bytes = encodeDocument('letter', letter, value);
    expect(textOf(bytes)).toBe('{"lines":[{"words":3}],"to":"Budapest"}');
    expect(decodeDocument('letter', letter, bytes)).toEqual(value);
  });

  test('is refused with every fault in it, each at its place', () => {
    const error = thrown(() =>
      checkDocument('letter', letter, { lines: [{ words: 'few' }, { words: 1, 'odd key': 1 }], cc: 1 }),
    );
    expect(error.code).toBe('DOCUMENT_INVALID');
    expect(error.details.faults).toEqual([
      { path: 'to', message: 'is missing' },
      { path: 'lines[0].words', message: 'expected number, received string' },
      { path: 'lines[1]["odd key"]', message: 'is not known here' },
      { path: 'cc', message: 'is not known here' },
    ]);
    expect(error.message).toBe(
      'letter is malformed: to: is missing; lines[0].words: expected number, received string; lines[1]["odd key"]: is not known here; cc: is not known here',
    );
  });

  test('that is not even an object is told without a place, and keeps what a schema says in its own words', () => {
    expect(thrown(() => checkDocument('letter', letter, 7)).message).toBe(
      'letter is malformed: expected object, received number',
    );
    const own = z.custom(() => false, 'so: Invalid input: is left as it is');
    expect(faultsOf(own, 7)).toEqual([{ path: '', message: 'so: Invalid input: is left as it is' }]);
  });

  test('is neither encoded nor decoded when its schema refuses it', () => {
    expect(
      thrown(() => encodeDocument('letter', z.looseObject({ to: z.string() }), { to: 1 as unknown as string })).code,
    ).toBe('DOCUMENT_INVALID');
    expect(thrown(() => decodeDocument('letter', letter, utf8('{"to":1}'))).message).toContain(
      'letter is malformed: to',
    );
  });

  test.each([
    ['with a space', '{"to": "x"}'],
    ['with its keys in another order', '{"to":"x","lines":[]}'],
    ['with a key twice', '{"to":"y","to":"x"}'],
  ])('%s is not canonical, and refused', (_, text) => {
    const error = thrown(() => decodeDocument('letter', letter, utf8(text)));
    expect(error.code).toBe('DOCUMENT_INVALID');
    expect(error.message).toBe('letter is not canonical JSON (RFC 8785): send the bytes that were written');
  });
});

test('a place is written as programs write it, odd keys quoted and cut', () => {
  expect(pathOf([])).toBe('');
  expect(pathOf([2])).toBe('[2]');
  expect(pathOf(['entries', 2, 'slot'])).toBe('entries[2].slot');
  expect(pathOf(['a', '', 'b'])).toBe('a[""].b');
  expect(pathOf(['x'.repeat(64)])).toBe('x'.repeat(64));
  expect(pathOf(['x'.repeat(65)])).toBe(`["${'x'.repeat(64)}"]`);
  for (const odd of ['é', 'a b', ' a', 'a ']) expect(pathOf([odd])).toBe(`[${JSON.stringify(odd)}]`);
});

test('a path below another is joined with a dot, but where it begins with an index or an odd key', () => {
  expect(below('model', '')).toBe('model');
  expect(below('model', 'layers[2]')).toBe('model.layers[2]');
  expect(below('model.layers', '[2].name')).toBe('model.layers[2].name');
  expect(below('model', '["odd key"]')).toBe('model["odd key"]');
});
