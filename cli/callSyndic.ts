import { capture } from './output.ts';
import { createProgram } from './program.ts';

/**
 * Runs `syndic …` with --json inside this process: the same command, without the second that starting a process and
 * loading its libraries takes.
 *
 * @returns what it prints
 * @throws SyndicError as the command does
 */
export async function callSyndic<T>(args: readonly string[]): Promise<T> {
  const program = await createProgram(args);
  const printed = await capture(async () => {
    await program.parseAsync([...args, '--json'], { from: 'user' });
  });
  return JSON.parse(printed) as T;
}
