import { SyndicError } from '../../core/errors/SyndicError.ts';

/** The parts of npm's lock file that are read here. */
export interface LockFile {
  readonly lockfileVersion: number;
  /** By folder, as `node_modules/a/node_modules/b`. */
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * A lock file of only these packages and all that they need, at the places where the whole lock file has them, and
 * the package.json that goes with it. Whether npm may leave one out, the whole lock file says; here all are wanted.
 *
 * @throws SyndicError DOCUMENT_INVALID when one is not in the lock file
 */
export function lockedPackages(lock: LockFile, names: readonly string[]): { manifest: object; lock: LockFile } {
  const reached = new Set<string>();
  const visit = (folder: string): void => {
    if (reached.has(folder)) return;
    reached.add(folder);
    const { dependencies, optionalDependencies } = lock.packages[folder] ?? {};
    for (const name of Object.keys(dependencies ?? {})) visit(resolveIn(lock, folder, name));
    for (const name of Object.keys(optionalDependencies ?? {})) visit(resolveIn(lock, folder, name));
  };
  for (const name of names) visit(resolveIn(lock, '', name));
  const versions = names.map((name) => [name, lock.packages[`node_modules/${name}`]?.version]);
  const manifest = { name: 'tfjs-native', version: '0.0.0', private: true, dependencies: Object.fromEntries(versions) };
  const packages = [...reached].sort().map((folder) => [folder, required(lock.packages[folder])]);
  return {
    manifest,
    lock: { lockfileVersion: lock.lockfileVersion, packages: { '': manifest, ...Object.fromEntries(packages) } },
  };
}

/** Where a package's `require(name)` leads: its own node_modules, then its parents'. */
function resolveIn(lock: LockFile, folder: string, name: string): string {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const found = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lock.packages[found] !== undefined) return found;
    if (at === '') {
      throw new SyndicError(
        'DOCUMENT_INVALID',
        `package-lock.json has no ${name}${folder && `, which ${folder} needs`}`,
      );
    }
  }
}

function required(locked: LockedPackage | undefined): object {
  const kept = Object.entries(locked ?? {}).filter(([key]) => !/^(dev|optional|devOptional|peer)$/.test(key));
  return Object.fromEntries(kept);
}
