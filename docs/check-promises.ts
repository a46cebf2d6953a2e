import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { foundryTests, testTitles } from './testTitles.ts';

// Every row of docs/promises.md names what proves it. This fails when a proof is gone: a test file, a test of that
// title in it (one that runs), an npm script.

const ROOT = join(import.meta.dirname, '..');

/** @param root the checkout that the proofs are looked for in */
export function checkPromises(markdown: string, root: string = ROOT): { promises: number; faults: string[] } {
  const rows = markdown.split('\n').filter((line) => /^\| /.test(line) && !/^\| (promise|-+)/.test(line));
  const titles = new Map<string, Set<string>>();
  const faults: string[] = [];
  for (const row of rows) {
    const [promise = '', proof = ''] = row
      .split(/(?<!\\)\|/)
      .slice(1)
      .map((cell) => cell.trim());
    const proofs = [...proof.matchAll(/`([^`]+)`(?:\s+"([^"]+)")?/g)];
    if (proofs.length === 0) faults.push(`"${promise.slice(0, 60)}…" names no proof`);
    for (const [, path = '', name] of proofs) {
      const found = fault(root, path, name, titles);
      if (found !== null) faults.push(`"${promise.slice(0, 60)}…": ${found}`);
    }
  }
  return { promises: rows.length, faults };
}

/** What is wrong with one proof, such as `test/unit/x.test.ts` "refuses …"; null when it stands. */
function fault(root: string, path: string, name: string | undefined, known: Map<string, Set<string>>): string | null {
  const script = /^npm run (\S+)/.exec(path)?.[1];
  if (script !== undefined) return script in scriptsOf(root) ? null : `package.json has no script "${script}"`;
  if (path === 'npm test') return 'test' in scriptsOf(root) ? null : 'package.json has no script "test"';
  const file = join(root, path);
  if (!existsSync(file)) return `there is no file ${path}`;
  if (!/\.(ts|sol)$/.test(path)) return name === undefined ? null : `${path} is no file of tests`;
  const titles = known.get(path) ?? titlesIn(file);
  known.set(path, titles);
  if (titles.size === 0) return `${path} runs no test`;
  return name === undefined || titles.has(name) ? null : `${path} runs no test "${name}"`;
}

function titlesIn(file: string): Set<string> {
  const source = readFileSync(file, 'utf8');
  return file.endsWith('.sol') ? foundryTests(source) : testTitles(source);
}

function scriptsOf(root: string): Record<string, string> {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;
}

if (import.meta.main) {
  const { promises, faults } = checkPromises(readFileSync(join(ROOT, 'docs', 'promises.md'), 'utf8'));
  for (const line of faults) console.error(line);
  console.log(`${promises} promises, ${faults.length} without their proof`);
  process.exitCode = faults.length === 0 && promises > 0 ? 0 : 1;
}
