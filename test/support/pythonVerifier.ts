import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Digest } from '../../core/values.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'examples', 'verify-python', 'verify.py');

/** What the verifier in Python prints with `--json`; all but the first two are left out where nothing could be verified. */
export interface PythonReport {
  readonly verified: boolean;
  readonly findings: readonly {
    readonly code: string;
    readonly severity: string;
    readonly what: string;
    readonly round?: number;
    readonly slot?: number;
  }[];
  readonly head: Digest;
  readonly rounds: readonly unknown[];
  readonly totals: readonly unknown[];
  readonly unchecked: readonly { readonly what: string; readonly round?: number }[];
  readonly checks: Readonly<Record<string, number>>;
}

/** What a machine has to have for it, as `needs` tells. */
export const PYTHON_VERIFIER = 'packages of examples/verify-python for python3';

export function hasPythonVerifier(): boolean {
  return spawnSync('python3', ['-c', 'import Crypto, eth_abi, eth_keys, numpy, rlp']).status === 0;
}

/** Runs examples/verify-python as a person would; it leaves no compiled files beside its sources. */
export async function runPython(args: readonly string[]) {
  const child = spawn('python3', ['-B', SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** @param bundle the file's path */
export async function verifyInPython(
  bundle: string,
  trustedBlock: Digest,
  more: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly report: PythonReport }> {
  const { code, stdout, stderr } = await runPython([bundle, '--trusted-block', trustedBlock, '--json', ...more]);
  if (stderr !== '') throw new Error(stderr);
  return { code, report: JSON.parse(stdout) };
}
