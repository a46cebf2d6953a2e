// `npm run tfjs:native [-- --wheel FILE] [--cache DIR]`: native TensorFlow.js where npm could not download its library.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { runCommand } from './command.ts';
import { type Installed, install } from './install.ts';
import { type Wheel, wheelFor } from './wheels.ts';

const HELP = `npm run tfjs:native [-- --wheel FILE] [--cache DIR]

Builds @tensorflow/tfjs-node against the TensorFlow library of a Python wheel, for machines that its own download host
is out of reach of. Needs g++, npm's registry, and python3 with pip for the wheel. Every digest is checked. Run again,
it says that it is there.

  --wheel FILE  the wheel, brought here by hand; nothing is fetched with pip
  --cache DIR   where a fetched wheel is kept (default: syndic/ below XDG_CACHE_HOME, or ~/.cache)
`;

function options() {
  try {
    const strings = { wheel: { type: 'string' }, cache: { type: 'string' } } as const;
    return parseArgs({ options: { ...strings, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (cause) {
    const message = `${cause instanceof Error ? cause.message : cause}\n\n${HELP}`;
    throw new SyndicError('USAGE', message, {}, { cause });
  }
}

function told({ outcome, tensorflow }: Installed, wheel: Wheel): string {
  const what = `native TensorFlow.js (tfjs-node with TensorFlow ${tensorflow})`;
  if (outcome === 'there') return `${what} is built already`;
  if (outcome === 'npm') return `${what} is there as npm installed it; --wheel FILE would build it anew`;
  return `${what} was built from ${wheel.file}, SHA-256 ${wheel.sha256}, and is in node_modules`;
}

/** @see https://nodejs.org/docs/latest-v22.x/api/process.html#processreport; musl's has no such field */
function glibcVersion(): string | undefined {
  const report: { header?: { glibcVersionRuntime?: string } } = JSON.parse(JSON.stringify(process.report.getReport()));
  return report.header?.glibcVersionRuntime;
}

async function main(): Promise<void> {
  const { wheel: given, cache, help } = options();
  if (help) return console.log(HELP);
  const wheel = wheelFor({ platform: process.platform, arch: process.arch, glibc: glibcVersion() });
  const root = join(import.meta.dirname, '..', '..');
  const kept = resolve(cache ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'syndic'));
  // Only somebody who watches is told each step.
  const say = (step: string): void => {
    if (process.stderr.isTTY) console.error(`tfjs:native: ${step} …`);
  };
  console.log(told(await install({ root, wheel, given, cache: kept }, { run: runCommand, say }), wheel));
}

try {
  await main();
} catch (thrown) {
  const error = toSyndicError(thrown);
  console.error(`error ${error.code}: ${error.message}`);
  process.exitCode = error.kind.exit;
}
