/**
 * `npm run bench:peers [-- ROW …]`: a federated round of Syndic, of Flower and of NVIDIA FLARE side by side on this
 * machine. Training only adds a constant, TLS is on, every participant is a process of its own, and all three are
 * watched from outside in the same way.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { printLine, printNote, printTable } from '../../cli/output.ts';
import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { machine } from '../machine.ts';
import { WARM_UP } from '../round.ts';
import type { OpenFederation } from './Federation.ts';
import { openFlower } from './flower.ts';
import { measure } from './measure.ts';
import { openNvflare } from './nvflare.ts';
import { makeVenv } from './python.ts';
import { HEAD, OURS, type Result, tableOf } from './report.ts';
import { openSyndic } from './syndic.ts';

const ROWS: Readonly<Record<string, { clients: number; width: number; rounds: number }>> = {
  '64x6': { clients: 6, width: 4096, rounds: 8 },
  '64x2': { clients: 2, width: 4096, rounds: 8 },
  '100kx10': { clients: 10, width: 155, rounds: 12 },
};

const SYSTEMS: Readonly<Record<string, OpenFederation>> = {
  [OURS]: openSyndic,
  Flower: openFlower,
  'NVIDIA FLARE': openNvflare,
};

/** A system that has not run its rounds by then is given up. */
const LIMIT_SECONDS = 900;
/** Between two looks for something to do, with --short-waits. */
const SHORT_WAIT_SECONDS = 0.05;

const HELP = `npm run bench:peers [-- ROW …] [--rounds N] [--short-waits] [--venv DIR] [--json FILE]

Rows: ${Object.keys(ROWS).join(' ')} (MiB or bytes of model × clients); all of them by default. Needs Linux, Python 3.11
or newer, and a package index for pip.

  --rounds N     rounds of each, ${WARM_UP} of them to warm up
  --short-waits  lets the peers look for something to do every ${SHORT_WAIT_SECONDS} s: what is left is not waiting
  --venv DIR     keeps their Python environment there, for the next time
  --json FILE    writes the figures there too
`;

function options() {
  try {
    const strings = { rounds: { type: 'string' }, venv: { type: 'string' }, json: { type: 'string' } } as const;
    const flags = { 'short-waits': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { ...strings, ...flags } });
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > WARM_UP))
      throw new RangeError(`--rounds takes a whole number above ${WARM_UP}`);
    const names = positionals.length > 0 ? positionals : Object.keys(ROWS);
    const rows = names.map((name) => {
      const row = ROWS[name];
      if (row === undefined) throw new RangeError(`there is no row ${name}`);
      return { name, ...row, ...(rounds === undefined ? {} : { rounds }) };
    });
    return { ...values, rows };
  } catch (cause) {
    throw new SyndicError('USAGE', `${cause instanceof Error ? cause.message : cause}\n\n${HELP}`, {}, { cause });
  }
}

async function main(): Promise<void> {
  const { rows, help, venv: kept, json, 'short-waits': short } = options();
  if (help) return printLine(HELP);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupted.abort(new SyndicError('RUN_FAILED', `interrupted by ${signal}`)));
  const on = machine();
  const root = await mkdtemp(join(tmpdir(), 'syndic-peers-'));
  // What Syndic's box puts into the temporary folder goes with all else.
  process.env.TMPDIR = root;
  const results: Result[] = [];
  try {
    const venv = resolve(kept ?? join(root, 'venv'));
    printNote('==> Python environment');
    await makeVenv(venv, root, interrupted.signal);
    for (const { name: row, ...shape } of rows) {
      for (const [system, open] of Object.entries(SYSTEMS)) {
        printNote(`==> ${row}: ${system}`);
        const dir = join(root, `${row}-${system.replaceAll(' ', '-')}`);
        await mkdir(dir);
        const late = new AbortController();
        const message = `${system} has not run its rounds in ${LIMIT_SECONDS} s`;
        const timer = setTimeout(() => late.abort(new SyndicError('RUN_FAILED', message)), LIMIT_SECONDS * 1000);
        const signal = AbortSignal.any([interrupted.signal, late.signal]);
        const job = { ...shape, dir, venv, wait: short ? SHORT_WAIT_SECONDS : null, signal };
        try {
          results.push({ row, system, measured: await measure(open, job) });
        } catch (thrown) {
          interrupted.signal.throwIfAborted();
          const { message } = toSyndicError(thrown);
          printNote(message);
          results.push({ row, system, error: message });
          process.exitCode = 1;
        } finally {
          clearTimeout(timer);
        }
        await rm(dir, { recursive: true, force: true });
      }
    }
  } finally {
    await rm(root, { recursive: true, force: true });
    printTable(HEAD, tableOf(results));
    const all = { machine: on, shortWaits: short === true, rows, results };
    if (json !== undefined) await writeFile(json, `${JSON.stringify(all, null, 2)}\n`);
  }
}

try {
  await main();
} catch (thrown) {
  const error = toSyndicError(thrown);
  printNote(`error ${error.code}: ${error.message}`);
  process.exitCode = error.kind.exit;
}
