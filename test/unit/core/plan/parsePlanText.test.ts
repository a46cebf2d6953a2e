import { describe, expect, test } from '@jest/globals';
import { MAX_PLAN_TEXT, parsePlanText } from '../../../../core/plan/parsePlanText.ts';
import { thrown } from '../thrown.ts';
import { faultsIn } from './samplePlan.ts';

const yaml = (text: string) => parsePlanText(text, 'yaml');
const json = (text: string) => parsePlanText(text, 'json');

const nested = (open: string, close: string, levels: number) => `${open.repeat(levels)}1${close.repeat(levels)}`;
const tooDeep = 'is nested deeper than 32';

describe('a plan’s text', () => {
  test('is read as YAML 1.2, in which only true and false are either', () => {
    expect(yaml('a: [1, 0x1F, 017, 1.5e3, true, null, ~]\nb: [yes, no, 2026-01-01, "1"]\n')).toEqual({
      a: [1, 31, 17, 1500, true, null, null],
      b: ['yes', 'no', '2026-01-01', '1'],
    });
  });

  test('has keys that are text, whatever they look like', () => {
    expect(yaml('1: a\ntrue: b\n~: c\n')).toEqual({ '1': 'a', true: 'b', '~': 'c' });
    expect(faultsIn(() => yaml('? [a]\n: 1'))).toEqual([
      ': is not YAML: With stringKeys, all keys must be strings at line 1, column 3:\n\n? [a]\n  ^',
    ]);
    expect(faultsIn(() => yaml('1: a\n"1": b'))).toEqual([
      ': is not YAML: Map keys must be unique at line 2, column 1:\n\n1: a\n"1": b\n^',
    ]);
  });

  test('is one document: what follows a second line of dashes is not dropped, but refused', () => {
    expect(faultsIn(() => yaml('a: 1\n---\nb: 2'))).toEqual([
      expect.stringContaining('Source contains multiple documents'),
    ]);
    expect(yaml('---\na: 1\n...\n')).toEqual({ a: 1 });
  });

  test.each(['!!omap [b: 1]', '!!set { b }', '!!binary aGk=', '!!timestamp 2026-01-01', '!own b'])(
    'takes no tag that makes something else of a value: %s',
    (value) => {
      expect(faultsIn(() => yaml(`a: ${value}`))).toEqual([expect.stringContaining('Unresolved tag')]);
    },
  );

  test('takes the tags of plain values', () => {
    expect(yaml('a: !!str 1\nb: !!int 2\nc: !!map { d: !!bool true }')).toEqual({ a: '1', b: 2, c: { d: true } });
  });

  test('may be 1 MiB long and no longer', () => {
    const padding = (text: string) => text.padEnd(MAX_PLAN_TEXT, ' ');
    expect(MAX_PLAN_TEXT).toBe(1_048_576);
    expect(yaml(padding('a: 1 #'))).toEqual({ a: 1 });
    expect(json(padding('{"a":1}'))).toEqual({ a: 1 });
    for (const read of [yaml, json]) {
      expect(faultsIn(() => read(`${padding('{"a":1}')} `))).toEqual([': is longer than 1048576 characters']);
    }
  });

  test.each([
    ['an unknown tag', 'a: !site x', 'Unresolved tag: !site at line 1, column 4:\n\na: !site x\n   ^^^^^'],
    ['an alias', 'a: &a 1\nb: *a', 'Alias resolution is disabled'],
    ['an alias of nothing', 'a: *b', 'Alias resolution is disabled'],
    ['a bracket left open', 'a: [1', expect.stringMatching(/ at line 1, column 6:\n\na: \[1\n {5}\^$/)],
  ])('is refused with %s', (_, text, reason) => {
    const { faults } = thrown(() => yaml(text)).details;
    const message = typeof reason === 'string' ? `is not YAML: ${reason}` : reason;
    expect(faults).toEqual([{ path: '', message }]);
  });

  test('is refused with the first 20 places that are not YAML', () => {
    const slips = (count: number) => Array.from({ length: count }, (_, i) => `k${i}: @`).join('\n');
    const reserved = 'is not YAML: Plain value cannot start with reserved character @ at line';
    const lines = (count: number) =>
      faultsIn(() => yaml(slips(count))).map((fault) => fault.replace(/, column .*$/s, ''));
    const wanted = (count: number) => Array.from({ length: count }, (_, i) => `: ${reserved} ${i + 1}`);
    expect(lines(3)).toEqual(wanted(3));
    expect(lines(20)).toEqual(wanted(20));
    expect(lines(30)).toEqual(wanted(20));
  });

  test('is refused when it is not the JSON that it is said to be, with what the parser says', () => {
    for (const text of ['', 'seed: 1', '{"a":1,}', '{"a":1} {"b":2}', '\ufeff{}']) {
      const { cause, details } = thrown(() => json(text));
      expect(cause).toBeInstanceOf(SyntaxError);
      expect(details.faults).toEqual([{ path: '', message: `is not JSON: ${(cause as Error).message}` }]);
    }
  });
});

describe('a plan’s values', () => {
  test('nest 32 deep and no deeper', () => {
    expect(yaml(nested('[', ']', 32))).toEqual(json(nested('[', ']', 32)));
    expect(yaml(nested('- ', '', 32))).toEqual(json(nested('[', ']', 32)));
    expect(yaml(nested('{a: ', '}', 32))).toEqual(json(nested('{"a":', '}', 32)));
    expect(faultsIn(() => json(nested('[', ']', 33)))).toEqual([`: ${tooDeep}`]);
    expect(faultsIn(() => json(nested('{"a":', '}', 33)))).toEqual([`: ${tooDeep}`]);
    expect(faultsIn(() => yaml(nested('[', ']', 33)))).toEqual([`${'[0]'.repeat(33)}: ${tooDeep}`]);
    expect(faultsIn(() => yaml(nested('{a: ', '}', 33)))).toEqual([`a${'.a'.repeat(32)}: ${tooDeep}`]);
  });

  test('far too deep are refused without a place', () => {
    expect(faultsIn(() => yaml('['.repeat(1000)))).toEqual([`: ${tooDeep}`]);
  });

  test('are numbers that JSON has, and whole characters', () => {
    expect(
      faultsIn(() => yaml('a: .inf\nb: [1, -.inf, {c: .nan}]\nd: "\\ud83d"\ne: ["\\ud83d\\ude00", "\\ude00"]')),
    ).toEqual([
      'a: is not a finite number',
      'b[1]: is not a finite number',
      'b[2].c: is not a finite number',
      'd: is not well-formed Unicode',
      'e[1]: is not well-formed Unicode',
    ]);
    expect(faultsIn(() => json('{"a":1e999,"b":["\\ud83d",-1e999,1e308]}'))).toEqual([
      'a: is not a finite number',
      'b[0]: is not well-formed Unicode',
      'b[1]: is not a finite number',
    ]);
  });

  test('have no key that reaches a prototype, however deep', () => {
    expect(
      faultsIn(() => yaml('__proto__: 1\na: [{constructor: {prototype: 1}}, {prototype: .nan}]\nproto: 1')),
    ).toEqual([
      '__proto__: is not allowed as a key',
      'a[0].constructor: is not allowed as a key',
      'a[1].prototype: is not allowed as a key',
    ]);
    expect(faultsIn(() => json('{"a":{"__proto__":{"b":1}}}'))).toEqual(['a.__proto__: is not allowed as a key']);
  });
});

describe('a JSON text', () => {
  test.each(['{"a":1,"a":1}', '[{"a":{"b":1,"b":2}}]', '{"a" :1,\n"a"\t:2}', '{"a":1,"\\u0061":2}'])(
    'is refused with a key twice: %j',
    (text) => {
      expect(faultsIn(() => json(text))).toEqual([': a key stands twice in one object']);
    },
  );

  test.each<[string, unknown]>([
    ['begin with a colon, in a list', { missing: ['-', ':', ': '] }],
    ['have keys in them', ['{"a":1,"a":2}', 'a": "b', '\\":', '":"']],
    ['are keys with quotes in them', { 'a": 1, "b': '"', '\\': ':' }],
  ])('may have strings that %s', (_, value) => {
    expect(json(JSON.stringify(value))).toEqual(value);
    expect(json(JSON.stringify(value, null, 2))).toEqual(value);
  });

  test('may have one key in several objects', () => {
    expect(json('{"a":{"a":1},"b":[{"a":2},{"a":3}]}')).toEqual({ a: { a: 1 }, b: [{ a: 2 }, { a: 3 }] });
  });
});
