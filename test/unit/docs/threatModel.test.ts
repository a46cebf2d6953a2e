import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { matrix } from '../../adversarial/tamper/matrix.ts';
import { type Who, wordsOf } from '../../adversarial/tamper/Row.ts';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');

/** The page's heading for each party. */
const HEADINGS: Readonly<Record<Who, string>> = {
  coordinator: 'A coordinator',
  member: 'A member that helps it',
  operator: 'An operator',
  store: 'Whoever serves files',
  node: 'Whoever serves the chain',
  bundle: 'Whoever hands over a bundle',
};

/** `what | finding | test` of each table row below a heading. */
function rowsBelow(heading: string): string[] {
  const section = page.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((one) => one.startsWith('| ') && one.includes('.test.ts'))
    .map((one) =>
      one
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
        .join(' | '),
    );
}

test.each(Object.entries(HEADINGS))(
  'the threat model says of %s what the matrix tries, and nothing else',
  (who, heading) => {
    const tried = matrix
      .filter((row) => row.who === who)
      .map((row) => `${row.name} | ${wordsOf(row)} | \`${row.test}.test.ts\``);
    expect(rowsBelow(heading)).toEqual(tried);
  },
);

test('every row of the matrix has a name of its own, and a test that is there', () => {
  const names = matrix.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of new Set(matrix.map((row) => row.test))) {
    expect(existsSync(join(root, 'test/adversarial/tamper', `${name}.test.ts`))).toBe(true);
  }
});

test('the matrix has no fewer rows than it had', () => {
  const count = (...whose: readonly Who[]) => matrix.filter(({ who }) => whose.includes(who)).length;
  expect(matrix.length).toBeGreaterThanOrEqual(60);
  expect(count('coordinator')).toBeGreaterThanOrEqual(25);
  expect(count('member')).toBeGreaterThanOrEqual(10);
  expect(count('bundle')).toBeGreaterThanOrEqual(10);
});
