import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CrashBox } from '../support/crash/CrashBox.ts';
import { type Cell, matrix, nameOf } from '../support/crash/cells.ts';
import { playCell } from '../support/crash/playCell.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { provenance } from './run.ts';

const docs = join(import.meta.dirname, '../../docs/soak');

/** Boxes that play side by side. */
const PARALLEL = 2;

/** A cell that was played. */
interface Line {
  readonly name: string;
  readonly seconds: number;
  /** What is wrong; empty when it passed. */
  readonly findings: readonly string[];
}

/**
 * The whole crash matrix: every transition of the five state machines, with the coordinator, the workers or all of them
 * killed right after it; on the queue in PostgreSQL, and on that in Redis where there is one.
 *
 * @param wanted parts of names of cells, such as `outbox.` or `, both`; none: all, and the summary is written
 */
export async function crash(wanted: readonly string[]): Promise<void> {
  const began = provenance();
  const redis = hasRedis() ? await startRedis() : null;
  const lines: Line[] = [];
  try {
    const cells = [...matrix('PostgreSQL'), ...(redis === null ? [] : matrix('Redis'))];
    const left = cells.filter((cell) => wanted.every((part) => nameOf(cell).includes(part)));
    const told = (line: Line) => {
      lines.push(line);
      console.log(`${line.findings.length === 0 ? 'passed' : 'FAILED'}  ${line.name}  (${line.seconds.toFixed(0)} s)`);
      for (const finding of line.findings) console.log(`        ${finding}`);
    };
    await Promise.all(Array.from({ length: PARALLEL }, () => playAll(left, redis?.url, told)));
  } finally {
    await redis?.stop();
  }
  const failed = lines.filter(({ findings }) => findings.length > 0).length;
  const sum = `${lines.length - failed} passed, ${failed} failed`;
  if (wanted.length === 0) writeSummary(lines, `${began}. ${sum}.`);
  console.log(sum);
  if (failed > 0 || lines.length === 0) process.exitCode = 1;
}

function writeSummary(lines: readonly Line[], first: string): void {
  const rows = lines
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, seconds, findings }) => {
      return `| ${name} | ${findings.length === 0 ? 'passed' : findings.join('; ')} | ${seconds.toFixed(0)} |`;
    });
  const table = ['| what | result | seconds |', '| --- | --- | --- |', ...rows];
  mkdirSync(docs, { recursive: true });
  writeFileSync(join(docs, 'crash.md'), `${['# The crash matrix', '', first, '', ...table].join('\n')}\n`);
}

/** Takes cells from `left` until there is none. A box in which one failed is not used again. */
async function playAll(left: Cell[], redisUrl: string | undefined, tell: (line: Line) => void): Promise<void> {
  let box: CrashBox | null = null;
  try {
    for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
      const began = performance.now();
      box ??= await CrashBox.start();
      const findings = await playCell(box, cell, redisUrl).catch((error: unknown) => [String(error)]);
      tell({ name: nameOf(cell), seconds: (performance.now() - began) / 1000, findings });
      if (findings.length > 0) {
        await box.close();
        box = null;
      }
    }
  } finally {
    await box?.close();
  }
}
