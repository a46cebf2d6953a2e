import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Run } from './command.ts';
import { BINDING, compileBinding } from './compileBinding.ts';
import { type LockFile, lockedPackages } from './lockedPackages.ts';
import { obtainWheel } from './obtainWheel.ts';
import { type Origin, readStamp, STAMP, writeStamp } from './stamp.ts';
import { unpackWheel } from './unpackWheel.ts';
import type { Wheel } from './wheels.ts';

export interface InstallOptions {
  /** The checkout. */
  readonly root: string;
  readonly wheel: Wheel;
  /** A wheel that somebody brought here. */
  readonly given: string | undefined;
  /** Folder where one that is fetched is kept. */
  readonly cache: string;
}

export interface Modules {
  readonly run: Run;
  /** Told what is done next. */
  readonly say: (step: string) => void;
}

export interface Installed {
  readonly outcome: 'built' | 'there' | 'npm';
  /** Version of the TensorFlow library. */
  readonly tensorflow: string;
}

const PACKAGE = '@tensorflow/tfjs-node';
const HEADERS = 'node-api-headers';
const SCRATCH = '.tfjs-native-';

/**
 * Has `node_modules` hold a tfjs-node that loads: fetched by the lock file's digests with all that npm leaves out when
 * its install script failed, built aside against the wheel, tried, and only then put in its place.
 *
 * @throws SyndicError DIGEST_MISMATCH, NOT_FOUND, DEPENDENCY_UNAVAILABLE, RUN_FAILED; node_modules is then as before
 */
export async function install(options: InstallOptions, modules: Modules): Promise<Installed> {
  const { root, wheel, given } = options;
  const modulesFolder = join(root, 'node_modules');
  const wanted = await readLock(root);
  const target = join(modulesFolder, PACKAGE);
  const origin = { ...wanted.origin, wheel: wheel.sha256 };
  const complete = wanted.folders.every((folder) => existsSync(join(root, folder)));
  const built = complete ? await readStamp(target, origin) : null;
  if (built !== null) return { outcome: 'there', tensorflow: built };
  const npms = complete && given === undefined ? await npmsOwn(target, modules.run) : null;
  if (npms !== null) return { outcome: 'npm', tensorflow: npms };

  await mkdir(modulesFolder, { recursive: true });
  await sweep(modulesFolder);
  // Beside what it will replace, so that moving it there is a rename.
  const scratch = join(modulesFolder, `${SCRATCH}${process.pid}`);
  try {
    const tensorflow = await build(options, wanted, origin, scratch, modules);
    await putInPlace(root, scratch, wanted.folders);
    return { outcome: 'built', tensorflow };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Wanted {
  readonly manifest: object;
  readonly lock: LockFile;
  readonly origin: Omit<Origin, 'wheel'>;
  /** Folders of tfjs-node and of all that it needs when it runs. */
  readonly folders: readonly string[];
}

async function readLock(root: string): Promise<Wanted> {
  const whole: LockFile = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const integrity = (name: string): string => whole.packages[`node_modules/${name}`]?.integrity ?? '';
  return {
    ...lockedPackages(whole, [PACKAGE, HEADERS]),
    origin: { package: integrity(PACKAGE), headers: integrity(HEADERS) },
    folders: Object.keys(lockedPackages(whole, [PACKAGE]).lock.packages).filter((folder) => folder !== ''),
  };
}

/** What npm's own install script may have brought. */
async function npmsOwn(target: string, run: Run): Promise<string | null> {
  if (existsSync(join(target, STAMP)) || !existsSync(join(target, BINDING))) return null;
  return await probe(target, run).catch(() => null);
}

async function build(
  { wheel, given, cache }: InstallOptions,
  { manifest, lock }: Wanted,
  origin: Origin,
  scratch: string,
  { run, say }: Modules,
): Promise<string> {
  // What most often is missing is said before anything is fetched.
  await run('g++', ['--version'], { cwd: dirname(scratch) });
  say(`TensorFlow ${wheel.version}: ${given ?? wheel.file}`);
  const path = await obtainWheel(wheel, { given, cache }, run);
  say(`${PACKAGE} and what it needs, from npm`);
  await mkdir(scratch);
  await writeFile(join(scratch, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(scratch, 'package-lock.json'), JSON.stringify(lock));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['ci', '--prefix', scratch, ...quiet], { cwd: scratch });
  const tfjsNode = join(scratch, 'node_modules', PACKAGE);
  say('unpacking TensorFlow');
  await unpackWheel(path, join(tfjsNode, 'deps'));
  say('compiling the binding');
  await compileBinding(tfjsNode, join(scratch, 'node_modules', HEADERS, 'include'), run);
  say('trying it');
  const tensorflow = await probe(tfjsNode, run);
  await writeStamp(tfjsNode, origin, tensorflow);
  return tensorflow;
}

async function probe(tfjsNode: string, run: Run): Promise<string> {
  const script = join(import.meta.dirname, 'probe.ts');
  return (await run(process.execPath, [script, tfjsNode], { cwd: tfjsNode })).trim();
}

/** The package itself last: whoever finds it finds all that it needs. */
async function putInPlace(root: string, scratch: string, folders: readonly string[]): Promise<void> {
  const target = `node_modules/${PACKAGE}`;
  for (const folder of folders) {
    if (`${folder}/`.startsWith(`${target}/`) || existsSync(join(root, folder))) continue;
    await mkdir(dirname(join(root, folder)), { recursive: true });
    await rename(join(scratch, folder), join(root, folder));
  }
  if (existsSync(join(root, target))) await rename(join(root, target), join(scratch, 'replaced'));
  await mkdir(dirname(join(root, target)), { recursive: true });
  await rename(join(scratch, target), join(root, target));
}

/** What runs that were killed left behind. */
async function sweep(modulesFolder: string): Promise<void> {
  for (const name of await readdir(modulesFolder)) {
    if (!name.startsWith(SCRATCH)) continue;
    if (isRunning(Number(name.slice(SCRATCH.length)))) {
      throw new SyndicError('STATE_CONFLICT', `another build is running here (process ${name.slice(SCRATCH.length)})`);
    }
    await rm(join(modulesFolder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
