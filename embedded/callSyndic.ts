import type { Command } from 'commander';
import { capture } from '../cli/output.ts';

/** The nouns that a consortium in a box needs. */
const nouns = {
  audit: async () => (await import('../cli/audit.ts')).auditCommand(),
  consortium: async () => (await import('../cli/consortium.ts')).consortiumCommand(),
  coordinator: async () => (await import('../cli/coordinator.ts')).coordinatorCommand(),
  member: async () => (await import('../cli/member.ts')).memberCommand(),
  study: async () => (await import('../cli/study/study.ts')).studyCommand(),
  worker: async () => (await import('../cli/worker.ts')).workerCommand(),
} satisfies Record<string, () => Promise<Command>>;

/**
 * Runs `syndic NOUN VERB …` with --json inside this process: the same command, without the second that starting a
 * process and loading its libraries takes.
 *
 * @returns what it prints
 * @throws SyndicError as the command does
 */
export async function callSyndic<T>(noun: keyof typeof nouns, ...args: readonly string[]): Promise<T> {
  const command = await nouns[noun]();
  const printed = await capture(async () => {
    await command.parseAsync([...args, '--json'], { from: 'user' });
  });
  return JSON.parse(printed) as T;
}
