import { execFile } from 'node:child_process';
import { SyndicError } from '../../core/errors/SyndicError.ts';

/** Runs a program to its end and gives what it printed. Tests have another. */
export type Run = (command: string, args: readonly string[], options: { cwd: string }) => Promise<string>;

/** @throws SyndicError DEPENDENCY_UNAVAILABLE when there is no such program, RUN_FAILED with its last lines when it fails */
export const runCommand: Run = (command, args, { cwd }) =>
  new Promise((resolve, reject) => {
    execFile(command, args, { cwd, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (error.code === 'ENOENT') {
        const message = `${command} is not on this machine's PATH: ${PROVIDERS[command] ?? 'install it'}`;
        return reject(new SyndicError('DEPENDENCY_UNAVAILABLE', message, { command }, { cause: error }));
      }
      const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
      reject(
        new SyndicError('RUN_FAILED', `${command} ${args[0] ?? ''} failed:\n${said}`, { command }, { cause: error }),
      );
    });
  });

/** What brings each program, in the words of Debian and of Red Hat. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'g++': 'install a C++ compiler (apt-get install g++, or dnf install gcc-c++)',
  python3: 'install Python with pip (apt-get install python3-pip), or give the wheel with --wheel FILE',
  npm: 'install npm 10 or newer',
};
