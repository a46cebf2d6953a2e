import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { datasetId } from '../core/datasetId.ts';
import { invitationDigest, parseInvitation } from '../core/invitation/Invitation.ts';
import type { MetricSet } from '../core/manifest/Report.ts';
import { keystoreAddress, STANDARD_COST, sealKey } from '../core/statements/keystore.ts';
import { bytesToHex } from '../core/values.ts';
import { readWorkerConfig, type WorkerConfig, workerPaths } from '../worker/config.ts';
import { keepFile } from '../worker/keepFile.ts';
import type { BackendChoice } from '../worker/training/port.ts';
import { keepVersion } from '../worker/versions.ts';
import { letBuffersDieYoung } from './letBuffersDieYoung.ts';
import { loadPlanFile } from './loadPlanFile.ts';
import { printFields, printJson } from './output.ts';
import { readNewPassphrase } from './readPassphrase.ts';
import { untilInterrupted } from './untilInterrupted.ts';

// DuckDB and TensorFlow are loaded by the verbs that need them: `init` answers at once without.
export function workerCommand(): Command {
  return new Command('worker')
    .description("a hospital's worker: make its key, fix its data's versions, run it")
    .addCommand(initCommand())
    .addCommand(versionCommand())
    .addCommand(evaluateCommand())
    .addCommand(runCommand());
}

const dirOption = () => new Option('--dir <folder>', "the worker's own folder").makeOptionMandatory();
const jsonOption = () => new Option('--json', 'print JSON');

interface InitOptions {
  readonly dir: string;
  readonly invitation: string;
  readonly passphraseFile?: string;
  readonly scryptCost?: string;
  readonly json?: boolean;
}

function initCommand(): Command {
  return new Command('init')
    .description('make the worker key, sealed in a keystore, and keep the invitation; repeating it changes nothing')
    .addOption(dirOption())
    .requiredOption('--invitation <file>', 'the invitation that the operator sent')
    .option('--passphrase-file <file>', 'file whose first line seals the keystore (asked for at a terminal)')
    .addOption(new Option('--scrypt-cost <n>', 'scrypt N of the keystore').default(String(STANDARD_COST)).hideHelp())
    .addOption(jsonOption())
    .action(async (options: InitOptions) => {
      const made = await initWorker({ ...options, scryptCost: Number(options.scryptCost) });
      if (options.json) printJson(made);
      else
        printFields([
          ['slot', made.slot],
          ['worker key', made.key],
          ['keystore', made.keystore],
          ['invitation', made.invitation],
          ['next', `compare the invitation's figure with the operator's, then: syndic member key ${made.key}`],
        ]);
    });
}

export interface InitWorker {
  readonly dir: string;
  readonly invitation: string;
  readonly passphraseFile?: string;
  readonly scryptCost?: number;
}

/** Makes a worker's folder. A key that is there already stays. */
export async function initWorker(options: InitWorker) {
  const paths = workerPaths(resolve(options.dir));
  const invitation = parseInvitation(JSON.parse(await readFile(options.invitation, 'utf8')));
  await mkdir(resolve(options.dir), { recursive: true, mode: 0o700 });
  await keepFile(paths.invitation, `${JSON.stringify(invitation, null, 2)}\n`, 0o644);
  if (!existsSync(paths.keystore)) {
    const passphrase = await readNewPassphrase(options.passphraseFile);
    const sealed = await sealKey(bytesToHex(randomBytes(32)), passphrase, options.scryptCost);
    await keepFile(paths.keystore, sealed, 0o600);
  }
  const key = keystoreAddress(await readFile(paths.keystore, 'utf8'));
  return { slot: invitation.slot, key, keystore: paths.keystore, invitation: invitationDigest(invitation) };
}

interface VersionOptions {
  readonly dir: string;
  readonly dataset: string;
  readonly plan: string;
  readonly data: string;
  readonly rows?: string;
  readonly json?: boolean;
}

function versionCommand(): Command {
  return new Command('version')
    .description(
      'fix what a dataset holds now: a keyed root over its rows, to be anchored with `syndic member version`',
    )
    .addOption(dirOption())
    .requiredOption('--dataset <name>', 'name of the dataset, or its id as 0x-hex')
    .requiredOption('--plan <file>', 'plan whose declared columns say what a row is')
    .requiredOption('--data <file>', 'the CSV file')
    .option('--rows <n>', 'upper bound of the number of rows to publish (default: the next power of two)')
    .addOption(jsonOption())
    .action(async (options: VersionOptions) => {
      const made = await makeVersion({
        ...options,
        rows: options.rows === undefined ? undefined : Number(options.rows),
      });
      if (options.json) printJson(made);
      else
        printFields([
          ['dataset', made.dataset],
          ['root', made.root],
          ['rows at most', made.rows],
          ['file', made.file],
          ['next', `syndic member version --file ${made.file}`],
        ]);
    });
}

export interface MakeVersion {
  readonly dir: string;
  readonly dataset: string;
  readonly plan: string;
  readonly data: string;
  readonly rows?: number | undefined;
}

/** Makes a version of a dataset and keeps it in the worker's folder. Nothing of it leaves here. */
export async function makeVersion(options: MakeVersion) {
  const { plan } = await loadPlanFile(options.plan);
  const [{ CsvSource }, { createVersion }] = await Promise.all([
    import('../worker/data/csv.ts'),
    import('../worker/data/version.ts'),
  ]);
  const version = await createVersion(new CsvSource({ path: resolve(options.data) }), plan.data, options.rows);
  const dataset = datasetId(options.dataset);
  const { versions } = workerPaths(resolve(options.dir));
  const file = await keepVersion(versions, dataset, version, Math.floor(Date.now() / 1000));
  return { dataset, root: version.root, rows: version.rows, file };
}

interface EvaluateOptions {
  readonly dir: string;
  readonly plan: string;
  readonly model: string;
  readonly data: string;
  readonly split?: string;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

function evaluateCommand(): Command {
  return new Command('evaluate')
    .description("what a model does on this site's test rows, under the plan's rules of what is told")
    .addOption(dirOption())
    .requiredOption('--plan <file>', 'the plan')
    .requiredOption('--model <file>', 'the model, safetensors')
    .requiredOption('--data <file>', 'the CSV file')
    .option('--split <file>', 'row positions, for plans whose split is a file')
    .addOption(
      new Option('--backend <name>', 'what computes').choices(['auto', 'native', 'wasm', 'cpu']).default('auto'),
    )
    .addOption(jsonOption())
    .action(async (options: EvaluateOptions) => {
      const metrics = await evaluateModel(options);
      if (options.json) printJson(metrics);
      else
        printFields(
          Object.entries(metrics).map(([name, { value, reason }]) => [name, value ?? `withheld (${reason})`]),
        );
    });
}

/** A model on the site's own test rows. Nothing of it leaves here. */
export async function evaluateModel(options: EvaluateOptions): Promise<MetricSet> {
  const { plan } = await loadPlanFile(options.plan);
  const invitation = parseInvitation(JSON.parse(await readFile(workerPaths(resolve(options.dir)).invitation, 'utf8')));
  const split = options.split === undefined ? {} : { splitFile: resolve(options.split) };
  const [{ CsvSource }, { TfjsTrainer }] = await Promise.all([
    import('../worker/data/csv.ts'),
    import('../worker/training/tfjs.ts'),
  ]);
  const data = await new CsvSource({ path: resolve(options.data), ...split }).load(plan, invitation.slot);
  const trainer = new TfjsTrainer({ backend: options.backend });
  try {
    return await trainer.evaluate({ plan, model: await readFile(options.model), data });
  } finally {
    await trainer.close();
  }
}

/** Flags of `run`, by the variable that each stands for. */
const runFlags = {
  dir: 'WORKER_DIR',
  passphraseFile: 'KEYSTORE_PASSPHRASE_FILE',
  rpc: 'CHAIN_RPC_URL',
  data: 'DATA_FILE',
  split: 'SPLIT_FILE',
  backend: 'BACKEND',
  logLevel: 'LOG_LEVEL',
} as const;

function runCommand(): Command {
  return new Command('run')
    .description('dial the coordinator and do what this hospital has granted, until interrupted; logs to stderr')
    .option('--dir <folder>', "the worker's own folder (WORKER_DIR)")
    .option('--passphrase-file <file>', 'file with the passphrase of the worker key (KEYSTORE_PASSPHRASE_FILE)')
    .option('--rpc <url>', "JSON-RPC URL of the hospital's own node (CHAIN_RPC_URL)")
    .option('--data <file>', 'the CSV file (DATA_FILE)')
    .option('--split <file>', 'row positions, for plans whose split is a file (SPLIT_FILE)')
    .option('--backend <name>', 'auto, native, wasm or cpu (BACKEND)')
    .option('--log-level <level>', 'how much is logged (LOG_LEVEL)')
    .option('--json', 'errors as JSON')
    .action(async (flags: Partial<Record<keyof typeof runFlags, string>>) => {
      const { runWorker } = await import('../worker/main.ts');
      letBuffersDieYoung();
      await runWorker(workerConfig(flags), untilInterrupted());
    });
}

function workerConfig(flags: Partial<Record<keyof typeof runFlags, string>>): WorkerConfig {
  const environment: Record<string, string | undefined> = { ...process.env };
  for (const [flag, name] of Object.entries(runFlags)) {
    const value = flags[flag as keyof typeof runFlags];
    if (value !== undefined) environment[name] = value;
  }
  return readWorkerConfig(environment);
}
