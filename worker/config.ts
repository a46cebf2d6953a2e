import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { SyndicError } from '../core/errors/SyndicError.ts';

/** A value that is none is one fault, however many ways it is wrong in. */
function whole(least: number, most: number) {
  const message = `a whole number, ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: message, abort: true })
    .transform(Number)
    .refine((value) => value >= least && value <= most, message);
}

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
  /** Threads of native TensorFlow: results depend on their number in the last bits. By default all that there are. */
  TF_NUM_INTRAOP_THREADS: whole(1, 65_535).optional(),
  /** Seconds to wait for a node that has not yet seen the record that a task builds on. */
  CHAIN_LAG_SECONDS: whole(0, 3600).default(30),
  /** Where `/metrics` and `/healthz` are read, without a login. Port 0: any free one. */
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  /** Left out: the worker listens nowhere. */
  METRICS_PORT: whole(0, 65_535).optional(),
  /** Where spans go (OTLP over HTTP, `/v1/traces` is appended): this hospital's own collector. Left out: none are made. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'an http(s) URL of an OTLP collector' }).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

export type WorkerConfig = z.infer<typeof schema>;

const SECRETS = ['KEYSTORE_PASSPHRASE'] as const;

/** @throws SyndicError CONFIG_INVALID, listing every fault at once; values of secrets are not repeated */
export function readWorkerConfig(environment: Readonly<Record<string, string | undefined>>): WorkerConfig {
  const faults: { path: string; message: string }[] = [];
  // An empty variable is as good as none: compose files write those.
  const values = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  for (const name of SECRETS) {
    const file = values[`${name}_FILE`];
    if (file === undefined) continue;
    try {
      values[name] = readFileSync(file, 'utf8').split(/\r?\n/, 1)[0];
    } catch (cause) {
      faults.push({
        path: `${name}_FILE`,
        message: `cannot be read: ${cause instanceof Error ? cause.message : cause}`,
      });
    }
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
    records: join(dir, 'records'),
  };
}
