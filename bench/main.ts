/**
 * `npm run bench [-- NAME …] [--json FILE]`: measures this machine's Syndic. Every scenario is a process of its own, so
 * that one's memory and code do not count for the next. Figures go to stdout as a table, or JSON lines when piped.
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { drawTable, isTerminal, printLine, printNote } from '../cli/output.ts';
import { NODE_FLAGS } from '../embedded/runSyndic.ts';
import type { Figure } from './Figure.ts';
import { machine } from './machine.ts';
import { scenarios } from './scenarios.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h' }, child: { type: 'string' } },
});

if (values.child !== undefined) {
  const scenario = scenarios[values.child];
  if (scenario === undefined) throw new Error(`no scenario ${values.child}`);
  process.send?.(await scenario(printNote));
  process.disconnect?.();
} else if (values.help === true) {
  printLine(`npm run bench [-- NAME …] [--json FILE]\nscenarios: ${Object.keys(scenarios).join(' ')}`);
} else {
  const unknown = positionals.filter((name) => scenarios[name] === undefined);
  if (unknown.length > 0) {
    printNote(`no scenario ${unknown.join(', ')}; there are ${Object.keys(scenarios).join(', ')}`);
    process.exitCode = 2;
  } else {
    await runAll(positionals.length > 0 ? positionals : Object.keys(scenarios), values.json);
  }
}

async function runAll(names: readonly string[], json: string | undefined): Promise<void> {
  const on = machine();
  const all: Record<string, readonly Figure[]> = {};
  for (const name of names) {
    printNote(`==> ${name}`);
    const figures = await runOne(name);
    all[name] = figures;
    show(figures);
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ machine: on, figures: all }, null, 2)}\n`);
}

async function runOne(name: string): Promise<readonly Figure[]> {
  const args = [...NODE_FLAGS, '--tls-min-v1.3', import.meta.filename, '--child', name];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const figures = new Promise<readonly Figure[]>((resolve) => {
    child.once('message', (message) => resolve(message as readonly Figure[]));
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`${name} ended with ${signal ?? code} before it had figures`)),
    );
  });
  return await Promise.race([figures, ended]);
}

function show(figures: readonly Figure[]): void {
  if (!isTerminal()) {
    for (const figure of figures) printLine(JSON.stringify(figure));
    return;
  }
  const rows = figures.map(({ name, value, unit, floor, aim }) => {
    const times = floor === undefined ? '' : `${(value / floor).toFixed(2)} × ${digits(floor)}`;
    return [name, `${digits(value)} ${unit}`, times, aim ?? ''];
  });
  printLine(drawTable(['what', 'measured', 'floor', 'aim'], rows));
}

function digits(value: number): string {
  return value.toPrecision(3);
}
