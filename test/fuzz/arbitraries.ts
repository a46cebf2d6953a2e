import fc from 'fast-check';

/** What parsers stumble over: numbers at every edge, prototype keys, lone surrogates, controls, nesting. */
export const awkwardText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'null',
    'NaN',
    '-0',
    '1e400',
  ),
  fc.constantFrom('\u0000', 'a\u0000b', '\ud800', '\udc00x', '\u2028', '\ufeff', '\u202e', 'é'.normalize('NFD'), '💉'),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
);

/** What PostgreSQL takes neither as text nor inside JSON. */
export const unstorableText = fc.constantFrom('\u0000', 'a\u0000b', '\ud800', 'x\udc00');

export const awkwardNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -0, 1, -1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 2 ** 64, 1e308, 5e-324),
);

/** Values that JSON can say, at most a few hundred of them. */
export const awkwardValue: fc.Arbitrary<unknown> = fc.oneof(
  awkwardNumber.filter(Number.isFinite),
  awkwardText,
  fc.constantFrom(null, true, false, [], {}),
  fc.json({ maxDepth: 4, stringUnit: 'binary' }).map((text) => JSON.parse(text) as unknown),
  fc.integer({ min: 1, max: 200 }).map(nested),
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** One way to spoil bytes. */
type Spoil = (bytes: Uint8Array) => Uint8Array;

const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  fc.tuple(at, fc.integer({ min: 0, max: 255 })).map(([where, byte]): Spoil => {
    return (bytes) => bytes.map((old, i) => (i === Math.floor(where * bytes.length) ? byte : old));
  }),
  fc.tuple(at, fc.integer({ min: 0, max: 7 })).map(([where, bit]): Spoil => {
    return (bytes) => bytes.map((old, i) => (i === Math.floor(where * bytes.length) ? old ^ (1 << bit) : old));
  }),
  at.map(
    (where): Spoil =>
      (bytes) =>
        bytes.subarray(0, Math.floor(where * bytes.length)),
  ),
  fc.tuple(at, fc.uint8Array({ maxLength: 24 })).map(
    ([where, more]): Spoil =>
      (bytes) => {
        const cut = Math.floor(where * bytes.length);
        return new Uint8Array([...bytes.subarray(0, cut), ...more, ...bytes.subarray(cut)]);
      },
  ),
  fc.tuple(at, at).map(
    ([from, to]): Spoil =>
      (bytes) => {
        const [a, b] = [Math.floor(from * bytes.length), Math.floor(to * bytes.length)];
        return new Uint8Array([...bytes.subarray(0, a), ...bytes.subarray(b)]);
      },
  ),
);

/** Good bytes, spoilt in one place or a few. */
export function spoilt(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(good, fc.array(spoil, { minLength: 1, maxLength: 4 }))
    .map(([bytes, ways]) => ways.reduce((now, way) => way(now), bytes));
}

/** A plain document with what stands at one place, drawn from those that there are, taken out, renamed or replaced. */
export function changed(document: unknown, replacement: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const places = placesOf(document);
  const way = fc.constantFrom('take', 'replace', 'replace', 'add');
  return fc.tuple(fc.constantFrom(...places), way, replacement, awkwardText).map(([place, how, value, name]) => {
    const copy: unknown = structuredClone(document);
    const parent = place.slice(0, -1).reduce<unknown>((now, key) => Reflect.get(Object(now), key), copy);
    const key = place.at(-1) ?? '';
    if (typeof parent !== 'object' || parent === null) return copy;
    if (how === 'take') Reflect.deleteProperty(parent, key);
    else if (how === 'replace') Reflect.set(parent, key, value);
    else Object.defineProperty(parent, Array.isArray(parent) ? parent.length : name, { value, ...PLAIN });
    return copy;
  });
}

const PLAIN = { enumerable: true, configurable: true, writable: true };

function placesOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [[key], ...placesOf(member).map((rest) => [key, ...rest])]);
}
