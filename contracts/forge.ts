import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

/** The Foundry project's folder. */
export const CONTRACTS = import.meta.dirname;
const BINARIES = join(CONTRACTS, '..', 'node_modules', '.bin');

/**
 * The native Forge that npm installed. Not `.bin/forge`: that wrapper ends with 0 whatever Forge ended with, so a
 * failing check would pass.
 *
 * @throws Error when there is none for this platform.
 */
export function forgeBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = process.platform === 'win32' ? 'forge.exe' : 'forge';
  try {
    return createRequire(import.meta.url).resolve(`@foundry-rs/forge-${process.platform}-${arch}/bin/${name}`);
  } catch (cause) {
    throw new Error(`no Forge for ${process.platform} ${arch}: run npm ci first`, { cause });
  }
}

/**
 * Runs Forge in the project's folder, its output going where ours goes.
 *
 * @returns whether it succeeded.
 * @throws Error when it cannot be started.
 */
export function forge(...args: string[]): boolean {
  // The compiler shim runs on the Node of this package, not on whatever the machine has.
  const env = { ...process.env, PATH: `${BINARIES}${delimiter}${process.env.PATH ?? ''}` };
  const done = spawnSync(forgeBinary(), args, { cwd: CONTRACTS, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.error) throw new Error(`Forge did not start: ${done.error.message}`, { cause: done.error });
  return done.status === 0;
}
