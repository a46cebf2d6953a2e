import { Command } from 'commander';
import { actCommands } from './act.ts';
import { openCommand } from './open.ts';
import { listCommand, showCommand } from './show.ts';
import { watchCommand } from './watch.ts';

export function studyCommand(): Command {
  const study = new Command('study').description('open, start, watch, pause, resume and abort studies');
  study.addCommand(openCommand());
  const [start, ...others] = actCommands();
  if (start !== undefined) study.addCommand(start);
  study.addCommand(listCommand()).addCommand(showCommand()).addCommand(watchCommand());
  for (const other of others) study.addCommand(other);
  return study;
}
