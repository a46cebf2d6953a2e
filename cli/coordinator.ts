import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { Command, Option } from 'commander';
import { type Address, address } from '../core/values.ts';
import { type AccountOptions, openAccount } from './chain/account.ts';
import { setKey } from './chain/consortium.ts';
import {
  addressArgument,
  type ChainOptions,
  numberArgument,
  onChain,
  withAccount,
  withChain,
} from './chain/options.ts';
import { letBuffersDieYoung } from './letBuffersDieYoung.ts';
import { announce, printFields, printJson, printLine, printNote, printTable } from './output.ts';
import { untilInterrupted } from './untilInterrupted.ts';

/**
 * `syndic coordinator …`: configured by the environment, as containers are; without a verb it runs. Its help loads
 * nothing of the coordinator.
 */
export function coordinatorCommand(): Command {
  return new Command('coordinator')
    .description('run a coordinator, make its key, migrate or recover its database; without a verb: run')
    .usage('[command] [options]')
    .addCommand(runCommand(), { isDefault: true })
    .addCommand(initCommand())
    .addCommand(keyCommand())
    .addCommand(migrateCommand())
    .addCommand(recoverCommand());
}

const configOption = [
  '--config <file>',
  'variables as NAME=value lines; those of the environment stand before',
] as const;

function runCommand(): Command {
  return new Command('run')
    .description('serve workers and operators until interrupted; JSON lines on stderr')
    .option(...configOption)
    .option('--max-store <bytes>', 'bytes that the folder of models may take (MAX_STORE_BYTES)')
    .option('--print-config', 'check the configuration and print it as JSON, secrets masked, instead of running')
    .option('--json', 'errors as JSON')
    .action(async (options: { config?: string; printConfig?: boolean }) => {
      const { readCoordinatorConfig, redactConfig } = await import('../coordinator/config.ts');
      const config = readCoordinatorConfig(await environment(options.config));
      if (options.printConfig) return printJson(redactConfig(config));
      const { runCoordinator } = await import('../coordinator/main.ts');
      letBuffersDieYoung();
      await runCoordinator(config, untilInterrupted());
    });
}

function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to this version; run it before `run`, as often as you like')
    .option(...configOption)
    .option('--json', 'print JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const { readMigrationConfig } = await import('../coordinator/config.ts');
      const { migrateCoordinator } = await import('../coordinator/main.ts');
      const applied = await migrateCoordinator(readMigrationConfig(await environment(options.config)));
      if (options.json) printJson({ applied });
      else for (const name of applied) printLine(name);
    });
}

function recoverCommand(): Command {
  return new Command('recover')
    .description('rebuild a lost or outdated database from the chain and the store, while no coordinator runs on it')
    .option(...configOption)
    .option('--json', 'print JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const { readCoordinatorConfig } = await import('../coordinator/config.ts');
      const { recoverCoordinator } = await import('../coordinator/recoverCoordinator.ts');
      const recovery = await recoverCoordinator(readCoordinatorConfig(await environment(options.config)));
      if (options.json) return printJson(recovery);
      const rows = recovery.studies.map(({ study, name, state, rounds, open }) => [study, name, state, rounds, open]);
      printTable(['study', 'name', 'state', 'rounds taken over', 'open round'], rows);
      for (const study of recovery.unknown) printNote(`${study} names this coordinator, which never had its plan`);
      printNote('start the coordinator: its workers will show which receipts they hold');
    });
}

interface InitFlags {
  readonly dir: string;
  readonly passphraseFile?: string;
  readonly host?: string[];
  readonly tlsCert?: string;
  readonly scryptCost?: number;
  readonly json?: boolean;
}

function initCommand(): Command {
  return new Command('init')
    .description('make the coordinator key, sealed in a keystore, and a certificate; repeating it changes nothing')
    .requiredOption('--dir <folder>', "the coordinator's own folder")
    .option('--passphrase-file <file>', 'file whose first line seals the keystore; asked for at a terminal')
    .option('--host <name...>', 'make a self-signed TLS certificate for these names and IP addresses')
    .option('--tls-cert <file>', 'a certificate that is there already, whose pin is to be printed')
    .addOption(new Option('--scrypt-cost <n>', "scrypt's N").argParser(numberArgument).hideHelp())
    .option('--json', 'print JSON')
    .action(async (flags: InitFlags) => {
      const { initCoordinator } = await import('./coordinatorInit.ts');
      const made = await initCoordinator(flags);
      if (flags.json) printJson(made);
      else printFields(Object.entries(made));
    });
}

function keyCommand(): Command {
  return withAccount(withChain(new Command('key')), "the coordinator's account")
    .description("list a key as the coordinator's current one, signed by its account; the one before ends now")
    .argument('<key>', 'the address that `coordinator init` printed', addressArgument)
    .action(async (key: Address, options: ChainOptions & AccountOptions) => {
      const account = await openAccount(options);
      const listed = await onChain(options.rpc, options.deployment, async ({ provider }, { consortium }) => {
        announce(options, `Account ${address(account.address)} lists ${key} as its current key; the one before ends.`);
        return await setKey(provider, account, consortium, key);
      });
      if (options.json) printJson({ account: account.address.toLowerCase(), key, listed });
      else printLine(`${key} ${listed ? 'is now' : 'was already'} the current key of ${account.address}`);
    });
}

async function environment(file: string | undefined): Promise<Readonly<Record<string, string | undefined>>> {
  return file === undefined ? process.env : { ...parseEnv(await readFile(file, 'utf8')), ...process.env };
}
