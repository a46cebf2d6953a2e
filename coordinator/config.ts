import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type Address, address } from '../core/values.ts';
import { type Finality, parseFinality } from './chain/finality.ts';
import { DEPLOYMENT_VARIABLES, readDeploymentFile } from './deploymentFile.ts';
import type { S3Credentials } from './models/s3Client.ts';
import { parseS3Location, type S3Location } from './models/s3Location.ts';

const CRASH_POINTS = /^(stop@)?[a-z]+(\.[a-zA-Z_]+){1,2}(:[1-9]\d*)?(,(stop@)?[a-z]+(\.[a-zA-Z_]+){1,2}(:[1-9]\d*)?)*$/;
const OR_DEPLOYMENT = ', or DEPLOYMENT_FILE';

/**
 * Every variable that a coordinator reads, and the only place where it reads them. A secret, and COORDINATOR_ACCOUNT,
 * may be given as NAME, or as NAME_FILE: the path of a file whose first line is the value.
 */
const schema = z.object({
  /** PostgreSQL: `postgresql://user:password@host:port/database`, `?sslmode=verify-full` for TLS. Secret. */
  DATABASE_URL: url(['postgres', 'postgresql'], 'a postgresql:// URL, or DATABASE_URL_FILE'),
  /** Redis for the queue: `redis://` or `rediss://`. Left out: the queue is in PostgreSQL. Secret. */
  REDIS_URL: url(['redis', 'rediss'], 'a redis:// or rediss:// URL').optional(),
  /** The folder of models, updates and documents; with MODELS_S3_URL, of what is being received. */
  MODELS_DIR: path('the folder of models, updates and documents'),
  /**
   * Models, updates and documents as objects of a bucket: `s3://BUCKET/PREFIX?region=REGION` at Amazon, or
   * `…?endpoint=https://HOST` elsewhere; `&forcePathStyle=false` for one that wants the bucket in the host's name.
   */
  MODELS_S3_URL: z.string().transform(s3Location).optional(),
  /** `ACCESS_KEY_ID:SECRET_ACCESS_KEY`. Left out: what the AWS SDK finds (AWS_… variables, a role). Secret. */
  MODELS_S3_CREDENTIALS: z.string().transform(s3Credentials).optional(),
  /** Bytes that folder or bucket may take. Left out: no bound. */
  MAX_STORE_BYTES: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  /**
   * Ethereum JSON-RPC endpoints, one or several with commas: several have to agree, and one that fails, lags or lies is
   * named and left. May hold keys: treated as secret.
   */
  CHAIN_RPC_URL: urls(['http', 'https'], 'http(s):// URLs of Ethereum nodes with commas, or CHAIN_RPC_URL_FILE'),
  /** What `syndic consortium deploy` wrote. Stands in for the four variables below, which must not contradict it. */
  DEPLOYMENT_FILE: path('the file that `syndic consortium deploy` wrote').optional(),
  CHAIN_ID: whole(1, Number.MAX_SAFE_INTEGER, OR_DEPLOYMENT),
  /** The three contracts. */
  CONSORTIUM_ADDRESS: account(OR_DEPLOYMENT),
  DATA_USE_ADDRESS: account(OR_DEPLOYMENT),
  LEDGER_ADDRESS: account(OR_DEPLOYMENT),
  /** When a block is final: `instant` (QBFT, the embedded chain), `blocks:N` (Clique), `finalized` (public Ethereum). */
  FINALITY: z.string('when a block is final: instant, blocks:N or finalized').transform(finality),
  /** This coordinator's account in the Consortium. */
  COORDINATOR_ACCOUNT: account(', or COORDINATOR_ACCOUNT_FILE'),
  /** The keystore of its current key: sends transactions, signs receipts and logins. */
  COORDINATOR_KEYSTORE_FILE: path('the keystore file that `syndic coordinator init` wrote'),
  /** Secret. */
  COORDINATOR_KEYSTORE_PASSPHRASE: z.string('the passphrase, or COORDINATOR_KEYSTORE_PASSPHRASE_FILE').min(1),
  /** Where workers dial in. Port 0: any free one. */
  GRPC_HOST: z.string().min(1).default('0.0.0.0'),
  GRPC_PORT: whole(0, 65_535).default(7443),
  /** PEM: the certificate chain, leaf first, that invitations pin, and its private key. */
  TLS_CERT_FILE: path('a PEM file with the certificate chain'),
  TLS_KEY_FILE: path("a PEM file with the certificate's private key"),
  /** Where operators and auditors ask. */
  HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  HTTP_PORT: whole(0, 65_535).default(8080),
  /** `on`: HTTPS with the same certificate. `off`: for loopback, or behind a proxy that ends TLS. */
  HTTP_TLS: z.enum(['on', 'off']).default('off'),
  /** Where Prometheus reads `/metrics`, without a login: never an address that others reach. Port 0: any free one. */
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  /** Left out: there is no such listener. */
  METRICS_PORT: whole(0, 65_535).optional(),
  /** Where spans go (OTLP over HTTP, `/v1/traces` is appended). Left out: none are made. May hold a key: secret. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http', 'https'], 'an http(s):// URL of an OTLP collector').optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Seconds within which a worker is heard of. */
  HEARTBEAT_SECONDS: whole(1, 3600).default(10),
  /** Seconds after its last heartbeat for which a task counts as being worked on. */
  LEASE_SECONDS: whole(1, 86_400).default(60),
  /** Seconds that a worker's login lasts. */
  SESSION_SECONDS: whole(60, 604_800).default(43_200),
  /** Seconds that a login of an operator, member or auditor lasts; commands log in anew by themselves. */
  HTTP_SESSION_SECONDS: whole(60, 86_400).default(900),
  /** Sessions of workers at once. */
  MAX_SESSIONS: whole(1, 100_000).default(2000),
  /** Threads that aggregate. The result does not depend on it. */
  AGGREGATION_THREADS: whole(1, 4).default(1),
  /** Bytes of each file that such a thread holds at a time; nor on this. */
  BLOCK_BYTES: whole(4096, 64 * 1024 * 1024).default(256 * 1024),
  /** Bytes a chunk of an upload may have. */
  CHUNK_BYTES: whole(4096, 16 * 1024 * 1024).default(512 * 1024),
  /** Seconds between two looks at the chain for what the outbox sent. */
  OUTBOX_SECONDS: z.coerce.number().min(0.01).max(60).default(0.2),
  /** Seconds between two looks at the chain for grants and starts. */
  POLL_SECONDS: z.coerce.number().min(0.05).max(600).default(1),
  /** Seconds for which the bytes of an upload that broke off are kept. */
  UPLOAD_KEEP_SECONDS: whole(60, 31_536_000).default(604_800),
  /**
   * For tests: the points at which the process kills itself, as `round.collecting`, or `round.anchored:3` for the third
   * time; with `stop@` before it, stops there until whoever watches ends it or lets it go on. Several with commas.
   */
  SYNDIC_CRASH_AT: z
    .string()
    .regex(CRASH_POINTS, 'points such as round.collecting, round.collecting:2 or stop@round.open.offered')
    .optional(),
});

export type CoordinatorConfig = z.infer<typeof schema>;

const SECRETS = [
  'DATABASE_URL',
  'REDIS_URL',
  'MODELS_S3_CREDENTIALS',
  'CHAIN_RPC_URL',
  'COORDINATOR_KEYSTORE_PASSPHRASE',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
] as const;

/** What may come from a file instead: what is secret, and what another step finds out. */
const FROM_FILES = [...SECRETS, 'COORDINATOR_ACCOUNT'] as const;

/** Names of all variables, with their `_FILE` forms: for documentation and checks of deployments. */
export const coordinatorVariables: readonly string[] = [
  ...Object.keys(schema.shape),
  ...FROM_FILES.map((name) => `${name}_FILE`),
];

/** @throws SyndicError CONFIG_INVALID listing every fault at once; values of secrets are not repeated */
export function readCoordinatorConfig(environment: Readonly<Record<string, string | undefined>>): CoordinatorConfig {
  return read(schema, environment);
}

/** What bringing the database to this version needs. */
export function readMigrationConfig(environment: Readonly<Record<string, string | undefined>>) {
  return read(schema.pick({ DATABASE_URL: true }), environment);
}

/** The configuration as it may be shown: secrets are masked, passwords in URLs too. */
export function redactConfig(config: CoordinatorConfig): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...config, FINALITY: finalityText(config.FINALITY) };
  for (const name of SECRETS) {
    const value = config[name];
    if (value === undefined) continue;
    shown[name] = /_(URL|ENDPOINT)$/.test(name)
      ? [value]
          .flat()
          .map((one) => redactUrl(String(one)))
          .join(',')
      : '***';
  }
  return shown;
}

interface Fault {
  readonly path: string;
  readonly message: string;
}

function read<T>(of: z.ZodType<T>, environment: Readonly<Record<string, string | undefined>>): T {
  const faults: Fault[] = [];
  const values = readDeployment(readFiles(environment, faults), faults);
  const parsed = of.safeParse(values, { reportInput: false });
  if (parsed.success && faults.length === 0) return parsed.data;
  const told = new Set(faults.flatMap(({ path }) => (path === DEPLOYMENT ? DEPLOYMENT_VARIABLES : withoutFile(path))));
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.join('.');
    if (!told.has(path)) faults.push({ path, message: issue.message });
  }
  const list = faults.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new SyndicError('CONFIG_INVALID', `the coordinator's configuration has ${faults.length} fault(s): ${list}`, {
    faults,
  });
}

const DEPLOYMENT = 'DEPLOYMENT_FILE';

/** `NAME_FILE` → `NAME`. */
function withoutFile(path: string): string {
  return path.replace(/_FILE$/, '');
}

/** An empty variable is as good as none: compose files write those. */
function readFiles(
  environment: Readonly<Record<string, string | undefined>>,
  faults: Fault[],
): Record<string, string | undefined> {
  const values = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  for (const name of FROM_FILES) {
    const file = values[`${name}_FILE`];
    if (file === undefined) continue;
    try {
      values[name] = readFileSync(file, 'utf8').split(/\r?\n/, 1)[0];
    } catch (cause) {
      faults.push({ path: `${name}_FILE`, message: `cannot be read: ${reasonOf(cause)}` });
    }
  }
  return values;
}

/** What the deployment file says, where it is named; two deployments at once are nobody's intention. */
function readDeployment(
  values: Record<string, string | undefined>,
  faults: Fault[],
): Record<string, string | undefined> {
  const file = values[DEPLOYMENT];
  if (file === undefined) return values;
  try {
    const deployed = readDeploymentFile(file);
    for (const name of DEPLOYMENT_VARIABLES) {
      const given = values[name];
      if (given === undefined || given.toLowerCase() === deployed[name]) continue;
      faults.push({
        path: name,
        message: `is ${given}, and ${DEPLOYMENT} says ${deployed[name]}: give one of the two`,
      });
    }
    return { ...values, ...deployed };
  } catch (cause) {
    faults.push({ path: DEPLOYMENT, message: `cannot be read: ${reasonOf(cause)}` });
    return values;
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function url(protocols: readonly string[], wanted: string) {
  return z.string(wanted).refine((text) => isUrl(protocols, text), wanted);
}

function urls(protocols: readonly string[], wanted: string) {
  return z
    .string(wanted)
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => isUrl(protocols, part)), wanted);
}

function isUrl(protocols: readonly string[], text: string): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1));
}

function path(wanted: string) {
  return z
    .string(wanted)
    .min(1, wanted)
    .transform((text) => resolve(text));
}

function whole(min: number, max: number, otherwise = '') {
  const wanted = `a whole number, ${min} to ${max}${otherwise}`;
  return z
    .string(wanted)
    .regex(/^\d{1,16}$/, wanted)
    .transform(Number)
    .refine((value) => value >= min && value <= max, wanted);
}

function account(otherwise: string) {
  const wanted = `20 bytes as 0x-hex${otherwise}`;
  return z
    .string(wanted)
    .regex(/^0x[0-9a-fA-F]{40}$/, wanted)
    .transform((text): Address => address(text));
}

function s3Location(text: string, context: z.RefinementCtx): S3Location {
  try {
    return parseS3Location(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: reasonOf(error) });
    return z.NEVER;
  }
}

function s3Credentials(text: string, context: z.RefinementCtx): S3Credentials {
  const [, accessKeyId, secretAccessKey] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey };
  context.addIssue({ code: 'custom', message: 'wanted: ACCESS_KEY_ID:SECRET_ACCESS_KEY' });
  return z.NEVER;
}

function finality(text: string, context: z.RefinementCtx): Finality {
  try {
    return parseFinality(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
}

function finalityText(of: Finality): string {
  return of.kind === 'blocks' ? `blocks:${of.n}` : of.kind;
}

/** Host and database stay; user, password, path of an RPC key and query do not. */
function redactUrl(text: string): string {
  const { protocol, username, password, host, pathname } = new URL(text);
  const rest = protocol.startsWith('postgres') || protocol.startsWith('redis') || pathname === '/' ? pathname : '/***';
  const user = username === '' && password === '' ? '' : '***@';
  return `${protocol}//${user}${host}${rest}`;
}
