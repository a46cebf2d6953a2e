import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/** How messages look in TypeScript; `protoOptions` in proto/load.ts must say the same. */
const OPTIONS = [
  '--longs=String',
  '--enums=String',
  '--defaults',
  '--oneofs',
  '--grpcLib=@grpc/grpc-js',
  '--importFileExtension=.ts',
];

const here = import.meta.dirname;
const committed = join(here, 'generated');

function generate(into: string): void {
  const files = readdirSync(join(here, 'syndic/v1')).filter((name) => name.endsWith('.proto'));
  const generator = join(here, '../node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js');
  execFileSync(
    process.execPath,
    [generator, ...OPTIONS, `--includeDirs=${here}`, `--outDir=${into}`, ...files.map((name) => `syndic/v1/${name}`)],
    { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  for (const [path, text] of tree(into)) writeFileSync(join(into, path), withoutOwnPath(text));
}

/** The generator names each source by its absolute path, which differs from checkout to checkout. */
function withoutOwnPath(text: string): string {
  return text.replaceAll(/^\/\/ Original file: .*(?=syndic\/v1\/)/gm, '// Original file: ');
}

function tree(dir: string): Map<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(dir, path), readFileSync(path, 'utf8')];
    }),
  );
}

/** Paths that differ between the committed types and those that the protos give now. */
export function drift(): string[] {
  const fresh = mkdtempSync(join(tmpdir(), 'syndic-proto-'));
  try {
    generate(fresh);
    const [now, then] = [tree(fresh), tree(committed)];
    return [...new Set([...now.keys(), ...then.keys()])].filter((path) => now.get(path) !== then.get(path)).sort();
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

if (import.meta.main) {
  const fresh = mkdtempSync(join(tmpdir(), 'syndic-proto-'));
  generate(fresh);
  rmSync(committed, { recursive: true, force: true });
  cpSync(fresh, committed, { recursive: true });
  rmSync(fresh, { recursive: true });
}
