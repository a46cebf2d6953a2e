import { Lexer, Parser, parseDocument } from 'yaml';
import { type Fault, pathOf } from '../schemas.ts';
import { planInvalid } from './faults.ts';

export type PlanFormat = 'yaml' | 'json';

/** Most UTF-16 units of a plan's text. */
export const MAX_PLAN_TEXT = 1024 * 1024;
const MAX_DEPTH = 32;
/** One slip can make a parser stumble on every line after it. */
const MAX_SYNTAX_FAULTS = 20;
const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * A plan's text as plain values: no aliases, no tags but those of plain values (`!!str` and the like), no repeated keys or
 * further documents; nothing too deep, no key that reaches a prototype, no number that JSON cannot say.
 *
 * @throws SyndicError PLAN_INVALID listing every fault
 */
export function parsePlanText(text: string, format: PlanFormat): unknown {
  if (text.length > MAX_PLAN_TEXT) {
    throw planInvalid([{ path: '', message: `is longer than ${MAX_PLAN_TEXT} characters` }]);
  }
  const value = format === 'json' ? parseJsonText(text) : parseYamlText(text);
  const faults: Fault[] = [];
  scan(value, [], faults);
  if (faults.length > 0) throw planInvalid(faults);
  return value;
}

function parseJsonText(text: string): unknown {
  const value = attempt('JSON', () => JSON.parse(text) as unknown);
  // JSON.parse keeps the last of two equal keys: count what the text says against what was kept.
  const said = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter((match) => match[1] !== undefined).length;
  if (said !== countKeys(value, 0)) throw planInvalid([{ path: '', message: 'a key stands twice in one object' }]);
  return value;
}

function countKeys(value: unknown, depth: number): number {
  if (depth > MAX_DEPTH) throw planInvalid([{ path: '', message: `is nested deeper than ${MAX_DEPTH}` }]);
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, member) => sum + countKeys(member, depth + 1), own);
}

/** One document of plain values. Under another log level, a second document is dropped without a word. */
const YAML = {
  version: '1.2',
  schema: 'core',
  uniqueKeys: true,
  stringKeys: true,
  resolveKnownTags: false,
  logLevel: 'error',
} as const;

function parseYamlText(text: string): unknown {
  refuseDeepYaml(text);
  const document = attempt('YAML', () => parseDocument(text, YAML));
  const problems = [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_FAULTS);
  if (problems.length > 0) {
    throw planInvalid(problems.map((problem) => ({ path: '', message: `is not YAML: ${problem.message.trim()}` })));
  }
  return attempt('YAML', () => document.toJS({ maxAliasCount: 0 }) as unknown);
}

/** Of what the parser holds open at once; a level of the plan takes it two or three. */
const MAX_OPEN = 4 * MAX_DEPTH;

/**
 * The parser puts its tree together by recursion. Some thousand levels use its stack up, and a regular expression that
 * is compiled there ends the whole process; so the levels are counted first, without recursion.
 */
function refuseDeepYaml(text: string): void {
  const parser = new Parser();
  const deep = attempt('YAML', () => {
    for (const lexeme of new Lexer().lex(text)) {
      for (const _ of parser.next(lexeme));
      if (parser.stack.length > MAX_OPEN) return true;
    }
    return false;
  });
  if (deep) throw planInvalid([{ path: '', message: `is nested deeper than ${MAX_DEPTH}` }]);
}

function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw planInvalid([{ path: '', message: `is not ${what}: ${reason}` }], cause);
  }
}

function scan(value: unknown, path: readonly PropertyKey[], faults: Fault[]): void {
  const fault = (message: string) => faults.push({ path: pathOf(path), message });
  if (path.length > MAX_DEPTH) fault(`is nested deeper than ${MAX_DEPTH}`);
  else if (typeof value === 'number') {
    if (!Number.isFinite(value)) fault('is not a finite number');
  } else if (typeof value === 'string') {
    if (!value.isWellFormed()) fault('is not well-formed Unicode');
  } else if (Array.isArray(value)) {
    value.forEach((member, i) => {
      scan(member, [...path, i], faults);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (UNSAFE_KEYS.has(key)) faults.push({ path: pathOf([...path, key]), message: 'is not allowed as a key' });
      else scan(member, [...path, key], faults);
    }
  }
}
