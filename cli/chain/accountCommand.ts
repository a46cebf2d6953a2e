import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { printFields, printJson } from '../output.ts';
import { type KeystoreOptions, makeAccount } from './keystore.ts';
import { numberArgument } from './options.ts';

/** `account`: makes a keystore, for those who have no wallet that does. */
export function accountCommand(whose: string): Command {
  return new Command('account')
    .description('make an account in a keystore; one that is there stays')
    .requiredOption('--keystore <file>', `keystore (V3 JSON) of ${whose}`)
    .option('--passphrase-file <file>', 'file whose first line seals it (asked for otherwise)')
    .addOption(new Option('--scrypt-cost <n>', "scrypt's N").argParser(numberArgument).hideHelp())
    .option('--json', 'print JSON')
    .action(async (options: KeystoreOptions & { readonly scryptCost?: number; readonly json?: boolean }) => {
      const account = await makeAccount(options, options.scryptCost);
      const made = { account, keystore: resolve(options.keystore) };
      if (options.json) printJson(made);
      else printFields(Object.entries(made));
    });
}
