import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SyndicError } from '../../../core/errors/SyndicError.ts';
import type { Run } from '../../../deploy/tfjs-native/command.ts';

/** A lock file of tfjs-node, one package that it needs (with one of its own) and another of the project's. */
export const LOCK = {
  lockfileVersion: 3,
  packages: {
    '': {},
    'node_modules/@tensorflow/tfjs-node': { version: '4.22.0', integrity: 'sha512-node', dependencies: { tar: '^6' } },
    'node_modules/tar': { version: '6.2.1', dependencies: { yallist: '^4' }, optional: true },
    'node_modules/tar/node_modules/yallist': { version: '4.0.0', optional: true },
    'node_modules/yallist': { version: '3.0.0' },
    'node_modules/node-api-headers': { version: '1.9.0', integrity: 'sha512-headers', dev: true },
    'node_modules/zod': { version: '4.0.0' },
  },
};

/** Stands for npm, pip, the compiler and the try-out. `called` lists what was run. */
export class FakeTools {
  readonly called: string[] = [];
  /** What pip brings. */
  wheel: Buffer = Buffer.alloc(0);
  /** Programs that the machine lacks. */
  lacking: readonly string[] = [];
  /** The version that a loaded backend tells; null: it does not load. */
  tensorflow: string | null = '9.9.9';

  readonly run: Run = async (command, args, { cwd }) => {
    const name = command === process.execPath ? 'node' : command;
    this.called.push(name);
    if (this.lacking.includes(name)) throw new SyndicError('DEPENDENCY_UNAVAILABLE', `${name} is not here`);
    if (name === 'npm') await this.npm(cwd);
    if (name === 'python3') await writeFile(join(args[args.indexOf('--dest') + 1] ?? '', 'tf-9.9.9.whl'), this.wheel);
    if (name === 'g++' && args.includes('-o')) await writeFile(join(cwd, args.at(-1) ?? ''), 'binding');
    if (name !== 'node') return '';
    if (this.tensorflow === null) throw new SyndicError('RUN_FAILED', 'it does not load');
    return `${this.tensorflow}\n`;
  };

  private async npm(cwd: string): Promise<void> {
    const { packages } = JSON.parse(await readFile(join(cwd, 'package-lock.json'), 'utf8'));
    for (const [folder, locked] of Object.entries(packages)) {
      if (folder === '') continue;
      await mkdir(join(cwd, folder), { recursive: true });
      await writeFile(join(cwd, folder, 'package.json'), JSON.stringify(locked));
    }
  }
}
