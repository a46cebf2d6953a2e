import { createInterface } from 'node:readline/promises';
import { SyndicError } from '../../core/errors/SyndicError.ts';

/**
 * Asks before something is signed, at the terminal.
 *
 * @param yes the answer, given beforehand
 * @param json the caller is a program, which is never asked
 * @throws SyndicError USAGE without a terminal to ask at; FORBIDDEN when the answer is no
 */
export async function confirm(question: string, yes: boolean, json: boolean): Promise<void> {
  if (yes) return;
  if (json || !process.stdin.isTTY) {
    throw new SyndicError(
      'USAGE',
      'nobody is here to confirm: read what would be signed (without --json), then repeat with --yes',
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C at the question ends the program, as it would anywhere else.
  lines.once('SIGINT', () => process.exit(130));
  try {
    const answer = await lines.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new SyndicError('FORBIDDEN', 'not confirmed: nothing was signed');
  } finally {
    lines.close();
  }
}
