import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './composeFile.ts';

const { imports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** What is reached from some files of ours. */
export interface Reached {
  /** Files of the checkout, from its root; one that is missing is there too. */
  readonly files: ReadonlySet<string>;
  /** Packages, each with a file that imports it. */
  readonly packages: ReadonlyMap<string, string>;
}

/** `import … from '…'`, `export … from '…'`, `import '…'`, `import('…')`, but no types, which are gone at run time. */
const IMPORTS = [
  /^\s*(?:import|export)\s+(?!type\b)[^'"`;]*?\bfrom\s+['"]([^'"]+)['"]/gm,
  /^\s*import\s+['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
];
/** Files that are opened or run beside their opener: threads, schemas, the package's own description. */
const BESIDE = /new URL\(\s*['"](\.[^'"]+)['"],\s*import\.meta\.url\s*\)/g;
const JOINED = /join\(import\.meta\.dirname((?:,\s*['"][^'"]+['"])+)\)/g;

/** Walks the imports from `entries`, paths from the checkout's root. */
export function reachedFrom(entries: readonly string[]): Reached {
  const files = new Set<string>();
  const packages = new Map<string, string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    const path = join(ROOT, file);
    if (!existsSync(path) || !/\.(ts|js)$/.test(file)) continue;
    const text = readFileSync(path, 'utf8').replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
    for (const name of IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, from]) => from ?? ''))) {
      if (name.startsWith('.')) waiting.push(beside(file, name));
      else if (name.startsWith('#')) waiting.push(named(name));
      else if (!builtinModules.includes(name.replace(/^node:/, ''))) packages.set(packageOf(name), file);
    }
    for (const [, name = ''] of text.matchAll(BESIDE)) waiting.push(beside(file, name));
    for (const [, names = ''] of text.matchAll(JOINED))
      waiting.push(
        beside(
          file,
          names
            .replace(/['"\s]/g, '')
            .split(',')
            .join('/'),
        ),
      );
  }
  return { files, packages };
}

function beside(file: string, name: string): string {
  return relative(ROOT, join(ROOT, dirname(file), name));
}

/** What package.json's `imports` make of a name in Node. */
function named(name: string): string {
  return relative(ROOT, join(ROOT, imports[name].default));
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}
