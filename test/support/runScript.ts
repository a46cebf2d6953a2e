import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a TypeScript file that prints one JSON value; gives that value. */
export async function runScript<T>(
  script: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 24 };
  const { stdout } = await promisify(execFile)(process.execPath, [script.pathname, ...args], options);
  return JSON.parse(stdout);
}
