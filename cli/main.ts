// The command `syndic`: bin/syndic.js imports this file on a Node that runs TypeScript.
import type { Command } from 'commander';
import { createProgram } from './program.ts';
import { reportError } from './reportError.ts';
import { interrupt } from './untilInterrupted.ts';

const args = process.argv.slice(2);

// `syndic study list | head -1` closes the pipe early; that is no error of anybody's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (!interrupt()) process.exit(0);
});

async function run(): Promise<number> {
  let json = args.includes('--json');
  try {
    const program = await createProgram(args);
    json &&= !program.commands.some(namesFileByJson);
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    return reportError(thrown, json);
  }
}

/** `demo --json FILE` asks for a file; what it says meanwhile is for people. */
function namesFileByJson(command: Command): boolean {
  return command.options.some(({ long, required }) => long === '--json' && required);
}

const flushed = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write('', () => resolve()));

const code = await run();
// Not left to the event loop: a connection that a command forgot must not keep a finished command alive.
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(code);
