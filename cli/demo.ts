import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { runDemo } from '../embedded/demo/runDemo.ts';
import { numberArgument } from './chain/options.ts';
import { untilInterrupted } from './untilInterrupted.ts';

interface Flags {
  readonly data?: string;
  readonly plan?: string;
  readonly rounds?: number;
  readonly seed?: number;
  readonly workdir?: string;
  readonly keep?: boolean;
  readonly json?: string;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('train one model on four hospitals here, each update and contribution recorded on a chain of its own')
    .option('--data <folder>', 'the four UCI Heart Disease files (processed.*.data); without it: synthetic rows')
    .option('--plan <file>', 'plan, YAML or JSON (default: the example for the data)')
    .addOption(new Option('--rounds <n>', "completed rounds, in place of the plan's").argParser(numberArgument))
    .addOption(new Option('--seed <n>', "seed, in place of the plan's").argParser(seedArgument))
    .option('--workdir <folder>', 'where everything is made and kept (default: a new folder below .syndic)')
    .option('--keep', 'leave everything running until interrupted')
    .option('--json <file>', 'write the result here as JSON')
    .action(async ({ data, json, workdir, keep = false, ...rest }: Flags) => {
      const options = {
        ...rest,
        ...(data === undefined ? {} : { data: resolve(data) }),
        ...(json === undefined ? {} : { json: resolve(json) }),
        workdir: resolve(workdir ?? freshFolder(new Date())),
        keep,
      };
      await runDemo(options, untilInterrupted());
    });
}

function seedArgument(text: string): number {
  return text === '0' ? 0 : numberArgument(text);
}

function freshFolder(now: Date): string {
  return join('.syndic', `demo-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}`);
}
