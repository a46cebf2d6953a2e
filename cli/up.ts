import { resolve } from 'node:path';
import { Command } from 'commander';
import { runBox } from '../embedded/runBox.ts';
import { untilInterrupted } from './untilInterrupted.ts';

export function upCommand(): Command {
  return new Command('up')
    .description('start a consortium in a box and leave it running until interrupted: for evaluation, not for patients')
    .option(
      '--workdir <folder>',
      'where everything is made and kept; the same folder goes on where it was',
      '.syndic/box',
    )
    .option('--data <folder>', 'the four UCI Heart Disease files; without it: synthetic rows')
    .option('--json', 'print the addresses as JSON')
    .action(async ({ workdir, data, json = false }: { workdir: string; data?: string; json?: boolean }) => {
      const folder = data === undefined ? {} : { data: resolve(data) };
      await runBox({ workdir: resolve(workdir), ...folder, json }, untilInterrupted());
    });
}
