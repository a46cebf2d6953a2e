import { parseSync } from '@swc/core';

type Node = { readonly type: string; readonly [name: string]: unknown };

const TESTS = ['test', 'it'];
const GROUPS = ['describe'];
/** `needs(…)` of test/support gives `describe` where the machine has what is needed. */
const GROUP_MAKERS = ['needs'];
const RUNNING = ['each', 'concurrent', 'only'];

/**
 * Titles of the tests that a file runs, read from its syntax tree: `test` and `it`, with `each` as written. What stands
 * in a comment or a string, is skipped or still to do, or lies in a group that is skipped, is no test.
 */
export function testTitles(source: string): Set<string> {
  const titles = new Set<string>();
  visit(parseSync(source, { syntax: 'typescript', target: 'es2024' }) as unknown as Node, titles);
  return titles;
}

function visit(node: unknown, titles: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  if (isNode(node) && node.type === 'CallExpression') {
    const kind = kindOf(node.callee);
    if (kind === 'skipped') return;
    if (kind === 'test') {
      const [title, body] = argumentsOf(node);
      const text = textOf(title);
      if (text !== null && isFunction(body)) titles.add(text);
      return;
    }
  }
  for (const child of Object.values(node)) visit(child, titles);
}

/** What a call of this is: a test, a group of tests, one of them that does not run, or nothing of the kind. */
function kindOf(callee: unknown): 'test' | 'group' | 'skipped' | null {
  if (!isNode(callee)) return null;
  switch (callee.type) {
    case 'Identifier': {
      const name = String(callee.value);
      if (TESTS.includes(name)) return 'test';
      if (GROUPS.includes(name)) return 'group';
      return /^(x|f)(test|it|describe)$/.test(name) ? 'skipped' : null;
    }
    case 'MemberExpression': {
      const of = kindOf(callee.object);
      if (of !== 'test' && of !== 'group') return of;
      return isNode(callee.property) && RUNNING.includes(String(callee.property.value)) ? of : 'skipped';
    }
    // test.each(cases)(title, …) and test.each`cases`(title, …); needs(what, present)(title, …).
    case 'CallExpression':
      return isNode(callee.callee) && GROUP_MAKERS.includes(String(callee.callee.value))
        ? 'group'
        : kindOf(callee.callee);
    case 'TaggedTemplateExpression':
      return kindOf(callee.tag);
    default:
      return null;
  }
}

function argumentsOf(call: Node): unknown[] {
  return (call.arguments as { expression: unknown }[]).map(({ expression }) => expression);
}

function textOf(title: unknown): string | null {
  if (!isNode(title)) return null;
  if (title.type === 'StringLiteral') return String(title.value);
  const [quasi, ...more] = title.type === 'TemplateLiteral' ? (title.quasis as { cooked: string }[]) : [];
  return quasi === undefined || more.length > 0 ? null : quasi.cooked;
}

function isFunction(node: unknown): boolean {
  return isNode(node) && ['ArrowFunctionExpression', 'FunctionExpression', 'Identifier'].includes(node.type);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** Names of the functions that Foundry runs as tests in a Solidity file. */
export function foundryTests(source: string): Set<string> {
  // Comments and strings go first, so that a name inside them counts for nothing.
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, ' ');
  const functions = code.matchAll(/\bfunction\s+((?:test|invariant)\w*)\s*\([^)]*\)([^{;]*)\{/g);
  return new Set(
    [...functions].flatMap(([, name = '', rest = '']) => (/\b(public|external)\b/.test(rest) ? [name] : [])),
  );
}
