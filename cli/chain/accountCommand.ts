import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { printFields, printJson } from '../output.ts';
import { makeAccount } from './keystore.ts';
import { type AccountOptions, numberArgument, withAccount } from './options.ts';

/** `account`: makes a keystore, for those who have no wallet that does. */
export function accountCommand(whose: string): Command {
  return withAccount(new Command('account'), whose)
    .description('make an account in a keystore; one that is there stays')
    .addOption(new Option('--scrypt-cost <n>', "scrypt's N").argParser(numberArgument).hideHelp())
    .option('--json', 'print JSON')
    .action(async (options: AccountOptions & { readonly scryptCost?: number; readonly json?: boolean }) => {
      const account = await makeAccount(options, options.scryptCost);
      const made = { account, keystore: resolve(options.keystore) };
      if (options.json) printJson(made);
      else printFields(Object.entries(made));
    });
}
