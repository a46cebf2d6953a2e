import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { SyndicError } from '../core/errors/SyndicError.ts';

/**
 * Every variable that a worker reads, and the only place where it reads them. Flags of `syndic worker run` stand
 * before the environment. A secret may be given as NAME or as NAME_FILE, the path of a file that holds it.
 */
const schema = z.object({
  /** The worker's own folder: keystore, invitation, dataset versions, journal. */
  WORKER_DIR: z
    .string()
    .min(1, 'the folder that syndic worker init made')
    .transform((path) => resolve(path)),
  /** Passphrase of the worker key's keystore. */
  KEYSTORE_PASSPHRASE: z.string().min(1, 'the passphrase, or KEYSTORE_PASSPHRASE_FILE'),
  /** The hospital's own Ethereum JSON-RPC endpoint. */
  CHAIN_RPC_URL: z.url({ protocol: /^https?$/, error: 'an http(s) URL of the hospital’s own node' }),
  /** The CSV file with the hospital's rows. */
  DATA_FILE: z
    .string()
    .min(1, 'the path of the data file')
    .transform((path) => resolve(path)),
  /** Row positions for plans whose split is the site's own file. */
  SPLIT_FILE: z
    .string()
    .min(1)
    .transform((path) => resolve(path))
    .optional(),
  /** `auto` takes the first that loads. */
  BACKEND: z.enum(['auto', 'native', 'wasm', 'cpu']).default('auto'),
  /** Seconds to wait for a node that has not yet seen the record that a task builds on. */
  CHAIN_LAG_SECONDS: z.coerce.number().int().min(0).max(3600).default(30),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

export type WorkerConfig = z.infer<typeof schema>;

const SECRETS = ['KEYSTORE_PASSPHRASE'] as const;

/** @throws SyndicError CONFIG_INVALID, listing every fault at once; values of secrets are not repeated */
export function readWorkerConfig(environment: Readonly<Record<string, string | undefined>>): WorkerConfig {
  const faults: { path: string; message: string }[] = [];
  const values: Record<string, string | undefined> = { ...environment };
  for (const name of SECRETS) {
    const file = environment[`${name}_FILE`];
    if (file === undefined) continue;
    if (existsSync(file)) values[name] = readFileSync(file, 'utf8').split(/\r?\n/)[0];
    else faults.push({ path: `${name}_FILE`, message: `no such file: ${file}` });
  }
  const parsed = schema.safeParse(values);
  if (parsed.success && faults.length === 0) return parsed.data;
  for (const issue of parsed.error?.issues ?? []) faults.push({ path: issue.path.join('.'), message: issue.message });
  throw new SyndicError(
    'CONFIG_INVALID',
    `the worker's configuration has ${faults.length} fault(s): ${faults.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
    { faults },
  );
}

/** Names of all variables, with the `_FILE` forms of the secrets: for documentation and checks of deployments. */
export const workerVariables: readonly string[] = [
  ...Object.keys(schema.shape),
  ...SECRETS.map((name) => `${name}_FILE`),
];

/** Where things lie in a worker's folder. */
export function workerPaths(dir: string) {
  return {
    invitation: join(dir, 'invitation.json'),
    keystore: join(dir, 'worker-key.json'),
    versions: join(dir, 'versions'),
    journal: join(dir, 'journal'),
    cache: join(dir, 'cache'),
  };
}
