import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether this system tells what runs: elsewhere the tests that ask cannot. */
export const canListProcesses = process.platform === 'linux';

export interface Running {
  readonly pid: number;
  readonly command: string;
}

/** Every process that has something to do with a folder: by its command line, its environment or where it stands. */
export function processesOf(dir: string): Running[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const at = `/proc/${name}`;
      const command = told(() => readFileSync(`${at}/cmdline`, 'utf8')).replaceAll('\0', ' ');
      const hints = [command, told(() => readFileSync(`${at}/environ`, 'utf8')), told(() => readlinkSync(`${at}/cwd`))];
      return hints.some((hint) => hint.includes(dir)) ? [{ pid: Number(name), command }] : [];
    });
}

/** A process may end while it is looked at, and is then of no interest. */
function told(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
