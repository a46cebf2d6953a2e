import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const LAUNCHER = join(import.meta.dirname, '..', '..', '..', 'bin', 'syndic.js');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `syndic` as a shell would, without a terminal. */
export async function syndic(args: readonly string[], stdin = '', env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { env: { ...cleanEnv(), ...env } });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** Without what Jest's own process was started with, and without a caller's defaults. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS, SYNDIC_PROFILE, SYNDIC_PASSPHRASE_FILE, SYNDIC_DEBUG, ...env } = process.env;
  return env;
}
