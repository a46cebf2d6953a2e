import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { CONTRACTS, forgeBinary } from './forge.ts';

/** A copy of the Foundry project for a tool that builds it in its own way: not where our artifacts lie. */
export interface ProjectCopy {
  readonly dir: string;
  /** Ours, with Forge and the compiler's shim found first. */
  readonly env: NodeJS.ProcessEnv;
  remove(): void;
}

const MODULES = join(CONTRACTS, '..', 'node_modules');

/**
 * @param parts folders of the project to copy besides its compiler
 */
export function copyProject(...parts: readonly string[]): ProjectCopy {
  const root = mkdtempSync(join(tmpdir(), 'syndic-contracts-'));
  const dir = join(root, 'contracts');
  for (const part of [...parts, 'bin']) cpSync(join(CONTRACTS, part), join(dir, part), { recursive: true });
  // Slither resolves no name of a library that lies beside the project: it has to lie inside.
  const config = readFileSync(join(CONTRACTS, 'foundry.toml'), 'utf8').replaceAll('../node_modules', 'node_modules');
  writeFileSync(join(dir, 'foundry.toml'), config);
  mkdirSync(join(dir, 'node_modules'));
  cpSync(join(MODULES, '@openzeppelin'), join(dir, 'node_modules/@openzeppelin'), { recursive: true });
  symlinkSync(MODULES, join(root, 'node_modules'));
  const programs = [join(MODULES, '.bin'), dirname(forgeBinary()), process.env.PATH];
  const env = { ...process.env, PATH: programs.join(delimiter) };
  return { dir, env, remove: () => rmSync(root, { recursive: true, force: true }) };
}
