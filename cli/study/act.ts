import { Command } from 'commander';
import { withConnectionOptions } from '../http/Connection.ts';
import { inSession } from '../http/CoordinatorClient.ts';
import { printJson, printLine } from '../output.ts';
import { resolveStudy } from './resolveStudy.ts';

const ACTS = {
  start: 'start training with the members that have granted so far (never below the quorum)',
  pause: 'let the open round finish and open no other',
  resume: 'open rounds again',
  abort: 'record the open round as aborted and close the study, for good',
} as const;
type Verb = keyof typeof ACTS;

/** `study start`, `pause`, `resume` and `abort`. */
export function actCommands(): Command[] {
  return (['start', 'pause', 'resume', 'abort'] as const).map(actCommand);
}

function actCommand(verb: Verb): Command {
  const command = new Command(verb)
    .description(ACTS[verb])
    .argument('<study>', 'id of the study, or its beginning')
    .option('--json', 'print JSON');
  if (verb === 'abort') command.requiredOption('--reason <text>', 'why; goes on record');
  return withConnectionOptions(command).action(async (text: string, flags: Readonly<Record<string, unknown>>) => {
    const study = await inSession(flags, async (client) => {
      const id = await resolveStudy(client, text);
      await client.act(id, verb, verb === 'abort' ? { reason: flags.reason } : {});
      return id;
    });
    if (flags.json) printJson({ study, ordered: verb });
    else printLine(`${verb} ordered for ${study}`);
  });
}
