import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// Every row of docs/promises.md names what proves it. This fails when a proof is gone: a test file, a test's name in
// it, an npm script, or a file that a command names.

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** What is wrong with one proof, such as `test/unit/x.test.ts` "refuses …"; null when it stands. */
function fault(path: string, name: string | undefined): string | null {
  const script = /^npm run (\S+)/.exec(path)?.[1];
  if (script !== undefined) return script in scripts ? null : `package.json has no script "${script}"`;
  if (path === 'npm test' || path === '.ci/run') return null;
  const file = join(root, path);
  if (!existsSync(file)) return `there is no file ${path}`;
  if (name === undefined) return null;
  return readFileSync(file, 'utf8').includes(name) ? null : `${path} has no test "${name}"`;
}

export function checkPromises(markdown: string): { promises: number; faults: string[] } {
  const rows = markdown.split('\n').filter((line) => /^\| /.test(line) && !/^\| (promise|-+)/.test(line));
  const faults: string[] = [];
  for (const row of rows) {
    const [promise = '', proof = ''] = row
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const proofs = [...proof.matchAll(/`([^`]+)`(?:\s+"([^"]+)")?/g)];
    if (proofs.length === 0) faults.push(`"${promise.slice(0, 60)}…" names no proof`);
    for (const [, path = '', name] of proofs) {
      const found = fault(path, name);
      if (found !== null) faults.push(`"${promise.slice(0, 60)}…": ${found}`);
    }
  }
  return { promises: rows.length, faults };
}

if (import.meta.main) {
  const { promises, faults } = checkPromises(readFileSync(join(root, 'docs', 'promises.md'), 'utf8'));
  for (const line of faults) console.error(line);
  console.log(`${promises} promises, ${faults.length} without their proof`);
  process.exitCode = faults.length === 0 && promises > 0 ? 0 : 1;
}
