import { CommanderError } from 'commander';
import { EXIT } from '../core/errors/codes.ts';
import { SyndicError, toSyndicError } from '../core/errors/SyndicError.ts';
import type { Fault } from '../core/schemas.ts';
import { printable } from './output.ts';

/**
 * Says on stderr what went wrong (`error CODE: message`, then each fault on its own line; one JSON object with `json`)
 * and returns the exit code of the error's class.
 */
export function reportError(thrown: unknown, json: boolean): number {
  if (thrown instanceof CommanderError) return reportUsage(thrown, json);
  const error = fileErrorOf(thrown) ?? toSyndicError(thrown);
  process.stderr.write(json ? asJson(error.toJSON(), error.retryable) : asText(error));
  if (process.env.SYNDIC_DEBUG !== undefined) process.stderr.write(`${stackOf(error)}\n`);
  return error.kind.exit;
}

/** Help that was asked for, or shown for want of a verb, is printed by now. */
function reportUsage(error: CommanderError, json: boolean): number {
  if (error.exitCode === 0) return EXIT.OK;
  if (error.code === 'commander.help') return EXIT.USAGE;
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  process.stderr.write(
    json ? asJson({ code: 'USAGE', message, details: {} }, false) : `error USAGE: ${message} (see --help)\n`,
  );
  return EXIT.USAGE;
}

function asJson(error: { code: string; message: string; details: unknown }, retryable: boolean): string {
  return `${JSON.stringify({ error: { ...error, retryable } }, null, 2)}\n`;
}

function asText(error: SyndicError): string {
  const faults = faultsOf(error.details.faults);
  const { head, tail } = aroundFaults(error.message, faults);
  const told = faults.filter(({ message }) => !head.includes(message));
  const lines = told.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`);
  return printable([`error ${error.code}: ${head}`, ...lines, ...tail, ''].join('\n'));
}

/** Most messages name the faults in a row, for logs: a person reads them better on lines of their own. */
function aroundFaults(message: string, faults: readonly Fault[]): { head: string; tail: string[] } {
  const [first, last] = [faults[0], faults.at(-1)];
  const whole = { head: message, tail: [] };
  if (first === undefined || last === undefined || message.includes('\n')) return whole;
  const start = message.indexOf(`${first.path === '' ? '' : `${first.path}: `}${first.message}`);
  const end = message.lastIndexOf(last.message) + last.message.length;
  if (start <= 0 || end <= start) return whole;
  const rest = message.slice(end).replace(/^[;,.\s]+/, '');
  return {
    head: message
      .slice(0, start)
      .replace(/\(document\): $/, '')
      .trimEnd(),
    tail: rest === '' ? [] : [rest],
  };
}

/** A file of the user's that is not there, or may not be read: theirs to mend, wherever it was opened. */
function fileErrorOf(thrown: unknown): SyndicError | null {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('path' in thrown)) return null;
  const doing = 'syscall' in thrown && thrown.syscall === 'open' ? 'open' : 'use';
  if (thrown.code === 'ENOENT') {
    return new SyndicError('NOT_FOUND', `cannot ${doing} ${thrown.path}: there is no such file`, {}, { cause: thrown });
  }
  if (thrown.code !== 'EACCES' && thrown.code !== 'EISDIR' && thrown.code !== 'ENOTDIR') return null;
  const message = `cannot ${doing} ${thrown.path} (${thrown.code}): check the path and its permissions`;
  return new SyndicError('USAGE', message, {}, { cause: thrown });
}

/** `details.faults` as every room that lists faults writes it: `{path, message}` each. */
function faultsOf(faults: unknown): Fault[] {
  if (!Array.isArray(faults)) return [];
  return faults.map((fault: unknown) => {
    if (typeof fault !== 'object' || fault === null || !('message' in fault))
      return { path: '', message: String(fault) };
    return { path: 'path' in fault ? String(fault.path) : '', message: String(fault.message) };
  });
}

function stackOf(error: SyndicError): string {
  return error.cause instanceof Error ? (error.cause.stack ?? '') : (error.stack ?? '');
}
