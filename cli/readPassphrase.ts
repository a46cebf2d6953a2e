import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { readInputText } from './files.ts';

/**
 * A keystore's passphrase: the first line of `file` (or of the file that `SYNDIC_PASSPHRASE_FILE` names), else typed at
 * the terminal, unseen. Never an argument: those stand in process lists and shell histories.
 *
 * @throws SyndicError USAGE when there is neither a file nor a terminal
 */
export async function readPassphrase(file: string | undefined, prompt = 'Passphrase: '): Promise<string> {
  const path = file ?? process.env.SYNDIC_PASSPHRASE_FILE;
  if (path !== undefined) return firstLine(await readInputText(path), path);
  if (!process.stdin.isTTY) {
    throw new SyndicError('USAGE', 'a passphrase is needed: give --passphrase-file FILE, as this is no terminal');
  }
  return await ask(prompt);
}

/** The same, typed twice where it is typed: for a keystore that is being made. */
export async function readNewPassphrase(file: string | undefined): Promise<string> {
  const passphrase = await readPassphrase(file, 'New passphrase: ');
  if (file !== undefined || process.env.SYNDIC_PASSPHRASE_FILE !== undefined) return passphrase;
  if ((await ask('Once more: ')) === passphrase) return passphrase;
  throw new SyndicError('USAGE', 'the two passphrases differ: start again');
}

function firstLine(text: string, path: string): string {
  const line = text.split(/\r?\n/, 1)[0] ?? '';
  if (line !== '') return line;
  throw new SyndicError('USAGE', `the passphrase file ${path} is empty: put the passphrase into its first line`);
}

async function ask(prompt: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // First, as it turns the terminal's echo off; who pastes at once must not see it.
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(prompt);
  // Ctrl-C at the prompt ends the program, as it would anywhere else.
  lines.once('SIGINT', () => process.exit(130));
  try {
    const answer = await lines.question('');
    if (answer === '') throw new SyndicError('USAGE', 'an empty passphrase protects nothing: start again');
    return answer;
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
