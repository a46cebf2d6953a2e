import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findingCodes } from '../../../audit/findings.ts';

const pages = join(import.meta.dirname, '../../../docs/findings');

test('every finding has a page, and every page a finding', () => {
  expect(readdirSync(pages).toSorted()).toEqual(
    Object.keys(findingCodes)
      .map((code) => `${code}.md`)
      .toSorted(),
  );
});

test.each(Object.entries(findingCodes).map(([code, { severity }]) => [code, severity]))(
  'the page of %s says that it is a %s, how it comes about and what to do',
  (code, severity) => {
    const page = readFileSync(join(pages, `${code}.md`), 'utf8');
    expect(page.startsWith(`# ${code}\n\n**Severity: ${severity}**\n`)).toBe(true);
    expect(page.match(/^## .*$/gm)).toEqual(['## How it comes about', '## What to do']);
  },
);
