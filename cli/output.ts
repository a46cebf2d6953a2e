import { AsyncLocalStorage } from 'node:async_hooks';
import Table from 'cli-table3';

/** A line of a table: one text per column. */
export type Row = readonly (string | number | null)[];

/** Lines of commands that run inside another program, which reads them itself. */
const captured = new AsyncLocalStorage<string[]>();

/** Runs `action`; what it prints to stdout is returned, and what it remarks to people is not said. */
export async function capture(action: () => Promise<void>): Promise<string> {
  const lines: string[] = [];
  await captured.run(lines, action);
  return lines.join('\n');
}

/** Data goes to stdout, and nothing else does. */
export function printLine(text: string): void {
  const lines = captured.getStore();
  if (lines === undefined) process.stdout.write(`${text}\n`);
  else lines.push(text);
}

/** Two-space JSON, for people with `jq` and programs alike. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

/** A progress remark or warning: to stderr, so that stdout stays data. */
export function printNote(text: string): void {
  if (captured.getStore() === undefined) process.stderr.write(`${text}\n`);
}

/** What is about to be signed, in plain words; programs are not told. */
export function announce({ json }: { readonly json?: boolean }, text: string): void {
  if (!json) printNote(text);
}

export function isTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** A drawn table on a terminal; elsewhere tab-separated lines without a header, as `cut` and `awk` like them. */
export function printTable(head: readonly string[], rows: readonly Row[]): void {
  if (!isTerminal()) {
    for (const row of rows) printLine(row.map(cell).join('\t'));
    return;
  }
  printLine(drawTable(head, rows));
}

export function drawTable(head: readonly string[], rows: readonly Row[]): string {
  const table = new Table({ head: [...head], style: { head: colours() ? ['bold'] : [], border: [], compact: true } });
  for (const row of rows) table.push(row.map(cell));
  return table.toString();
}

/** Names and values, one a line: aligned on a terminal, `name<TAB>value` elsewhere. */
export function printFields(fields: readonly (readonly [name: string, value: string | number | null])[]): void {
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, value] of fields) {
    printLine(isTerminal() ? `${name.padEnd(width)}  ${cell(value)}` : `${name}\t${cell(value)}`);
  }
}

/** Whether colours are welcome on stdout (https://no-color.org). */
export function colours(): boolean {
  return isTerminal() && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';
}

/** A digest short enough for a table; whole elsewhere, where nobody's eyes read it. */
export function shortDigest(of: string): string {
  return isTerminal() ? `${of.slice(0, 10)}…${of.slice(-6)}` : of;
}

/** Unix seconds as ISO 8601, UTC, without fractions. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

function cell(value: string | number | null): string {
  return value === null ? '' : printable(String(value)).replace(/[\n\t]/g, ' ');
}

/** Text of other people's (a refusal, a name) without what would steer the terminal; line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, '\ufffd');
}
