import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { isErrorCode, SyndicError } from '../core/errors/SyndicError.ts';

/** The command's entry, run by this very Node. */
export const SYNDIC = join(import.meta.dirname, '..', 'cli', 'main.ts');

/** The same for what is to stay: with `LAUNCHED` and a channel, it ends when the process that started it does. */
export const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'syndic.js');
export const LAUNCHED = { SYNDIC_LAUNCHED: '1' };

/** Flags that a child Node needs to be quiet about what this one was told to be quiet about. */
export const NODE_FLAGS: readonly string[] = ['--disable-warning=ExperimentalWarning'];

/**
 * Runs `syndic …` with --json as a person would, in a process of its own.
 *
 * @returns what it printed
 * @throws SyndicError as the command said
 */
export async function runSyndic<T>(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<T> {
  const child = spawn(process.execPath, [...NODE_FLAGS, SYNDIC, ...args, '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code === 0) return JSON.parse(out) as T;
  throw errorIn(err, `syndic ${args.slice(0, 2).join(' ')} ended with ${code}: ${err.trim()}`);
}

function errorIn(stderr: string, otherwise: string): SyndicError {
  try {
    const { error } = JSON.parse(stderr) as { error: { code: unknown; message: string; details?: object } };
    const { code, message, details } = error;
    if (isErrorCode(code)) return new SyndicError(code, message, { ...details });
  } catch {
    // What is on stderr is no JSON: the command broke off before it could say more.
  }
  return new SyndicError('INTERNAL', otherwise);
}
