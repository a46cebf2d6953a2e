import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Run } from './command.ts';
import { sha256File } from './sha256File.ts';
import type { Wheel } from './wheels.ts';

export interface WheelSources {
  /** The wheel as somebody brought it here. */
  readonly given: string | undefined;
  /** Folder where one that was fetched is kept. */
  readonly cache: string;
}

/**
 * The path of the wheel, its digest checked: the file that was given, else the cached one, else fetched with pip.
 *
 * @throws SyndicError DIGEST_MISMATCH naming the digest expected and the one found; NOT_FOUND for a path without a
 * file; DEPENDENCY_UNAVAILABLE when there is no pip, or pip cannot fetch it
 */
export async function obtainWheel(wheel: Wheel, sources: WheelSources, run: Run): Promise<string> {
  if (sources.given !== undefined) {
    const path = resolve(sources.given);
    if (!existsSync(path)) throw new SyndicError('NOT_FOUND', `there is no file ${path}`, { path });
    await check(path, wheel);
    return path;
  }
  const cached = join(sources.cache, wheel.file);
  // One that was cut short or changed is fetched anew, not trusted.
  if (existsSync(cached) && (await sha256File(cached)) === wheel.sha256) return cached;
  await fetchWheel(wheel, sources.cache, run);
  return cached;
}

async function fetchWheel(wheel: Wheel, cache: string, run: Run): Promise<void> {
  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(join(cache, 'fetching-'));
  try {
    await run('python3', ['-m', 'pip', ...pipArguments(wheel, aside)], { cwd: aside }).catch((thrown: unknown) => {
      throw pipFailed(thrown, wheel);
    });
    const fetched = join(aside, wheel.file);
    await check(fetched, wheel);
    await rename(fetched, join(cache, wheel.file));
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** The same wheel whatever Python runs pip. */
function pipArguments(wheel: Wheel, folder: string): string[] {
  const target = ['--python-version', wheel.python, '--implementation', 'cp', '--abi', `cp${wheel.python}`];
  return [
    ...['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'],
    ...['--platform', wheel.platform, ...target, '--dest', folder, `${wheel.project}==${wheel.version}`],
  ];
}

function pipFailed(thrown: unknown, wheel: Wheel): unknown {
  if (!(thrown instanceof SyndicError) || thrown.code !== 'RUN_FAILED') return thrown;
  const what = thrown.message.includes('No module named pip')
    ? "this machine's python3 has no pip: install it (apt-get install python3-pip)"
    : `pip could not fetch ${wheel.file}: ${thrown.message}\nMake its package index reachable`;
  const message = `${what}, or bring ${wheel.file} from another machine and give it with --wheel FILE`;
  return new SyndicError('DEPENDENCY_UNAVAILABLE', message, { file: wheel.file }, { cause: thrown });
}

async function check(path: string, wheel: Wheel): Promise<void> {
  const found = await sha256File(path);
  if (found === wheel.sha256) return;
  throw new SyndicError(
    'DIGEST_MISMATCH',
    `${path} is not ${wheel.file} as its publisher lists it: expected SHA-256 ${wheel.sha256}, found ${found}. Nothing was built from it.`,
    { path, expected: wheel.sha256, found },
  );
}
