import { readFile } from 'node:fs/promises';
import { destination, pino } from 'pino';
import { SyndicError } from '../core/errors/SyndicError.ts';
import type { CoordinatorConfig } from './config.ts';
import type { StoreConfig } from './models/openStore.ts';
import type { Log } from './modules.ts';

// What the configuration makes of each room's options, in one place for whoever opens them.

export function chainOptions({ CHAIN_RPC_URL: rpcUrl, CHAIN_ID: chainId, FINALITY: finality }: CoordinatorConfig) {
  return { rpcUrl, chainId, finality };
}

export function contractsOf(config: CoordinatorConfig) {
  return {
    consortium: config.CONSORTIUM_ADDRESS,
    dataUse: config.DATA_USE_ADDRESS,
    ledger: config.LEDGER_ADDRESS,
  };
}

export function storeOf(config: CoordinatorConfig): StoreConfig {
  const { MODELS_DIR: dir, MODELS_S3_URL: location, MODELS_S3_CREDENTIALS: credentials, MAX_STORE_BYTES } = config;
  const bound = MAX_STORE_BYTES === undefined ? {} : { maxBytes: MAX_STORE_BYTES };
  if (location === undefined) return { kind: 'filesystem', dir, ...bound };
  return { kind: 's3', location, ...(credentials === undefined ? {} : { credentials }), dir, ...bound };
}

/** A Redis may serve several coordinators: each has its own names there. */
export function queueOptions({ REDIS_URL, DATABASE_URL, CHAIN_ID, COORDINATOR_ACCOUNT }: CoordinatorConfig) {
  if (REDIS_URL === undefined) return { postgresUrl: DATABASE_URL };
  return { redisUrl: REDIS_URL, namespace: `syndic-${CHAIN_ID}-${COORDINATOR_ACCOUNT}` };
}

export async function readCertificate(config: CoordinatorConfig): Promise<{ cert: string; key: string }> {
  try {
    return { cert: await readFile(config.TLS_CERT_FILE, 'utf8'), key: await readFile(config.TLS_KEY_FILE, 'utf8') };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyndicError('CONFIG_INVALID', `certificate or key cannot be read: ${reason}`, {}, { cause });
  }
}

/** JSON lines on stderr. Names that secrets go by are masked, should one ever get into a line. */
export function createLog(config: CoordinatorConfig): Log {
  const secrets = ['privateKey', 'passphrase', 'password', 'token', 'authorization', 'raw'];
  const paths = secrets.flatMap((name) => [name, `*.${name}`]);
  const options = {
    level: config.LOG_LEVEL,
    base: { room: 'coordinator' },
    redact: { paths, censor: '***' },
    serializers: { error: pino.stdSerializers.err },
  };
  return pino(options, destination(2));
}
