import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  coordinatorVariables,
  readCoordinatorConfig,
  readMigrationConfig,
  redactConfig,
} from '../../../coordinator/config.ts';
import { SyndicError } from '../../../core/errors/SyndicError.ts';

const account = '0xABCDEFabcdef00000000000000000000000000aa';
const least = {
  DATABASE_URL: 'postgresql://syndic:hunter2@db:5432/syndic',
  MODELS_DIR: '/var/lib/models',
  CHAIN_RPC_URL: 'https://user:sesame@node.example/v3/apikey, http://other.example:8545',
  CHAIN_ID: '1337',
  CONSORTIUM_ADDRESS: account,
  DATA_USE_ADDRESS: account,
  LEDGER_ADDRESS: account,
  FINALITY: 'blocks:3',
  COORDINATOR_ACCOUNT: account,
  COORDINATOR_KEYSTORE_FILE: '/run/key.json',
  COORDINATOR_KEYSTORE_PASSPHRASE: 'open sesame',
  TLS_CERT_FILE: '/run/cert.pem',
  TLS_KEY_FILE: '/run/key.pem',
};

function faultsOf(read: () => unknown): { path: string; message: string }[] {
  try {
    read();
  } catch (error) {
    if (!(error instanceof SyndicError)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    return error.details.faults as { path: string; message: string }[];
  }
  throw new Error('nothing was thrown');
}

describe('the coordinator’s configuration', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'syndic-test-config-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('needs little, and has a default for the rest', () => {
    expect(readCoordinatorConfig(least)).toMatchObject({
      CHAIN_ID: 1337,
      LEDGER_ADDRESS: account.toLowerCase(),
      FINALITY: { kind: 'blocks', n: 3 },
      GRPC_PORT: 7443,
      HTTP_PORT: 8080,
      HTTP_TLS: 'off',
      AGGREGATION_THREADS: 1,
      LOG_LEVEL: 'info',
    });
    expect(readCoordinatorConfig(least).REDIS_URL).toBeUndefined();
    expect(readCoordinatorConfig({ ...least, REDIS_URL: '' }).REDIS_URL).toBeUndefined();
  });

  test('lists every fault at once', () => {
    const faults = faultsOf(() =>
      readCoordinatorConfig({
        ...least,
        DATABASE_URL: undefined,
        REDIS_URL: 'http://redis',
        CHAIN_ID: '0x539',
        LEDGER_ADDRESS: '0x12',
        FINALITY: 'soon',
        GRPC_PORT: '70000',
        LOG_LEVEL: 'loud',
        SYNDIC_CRASH_AT: 'rm -rf',
      }),
    );
    expect(faults.map(({ path }) => path).toSorted()).toEqual(
      [
        'DATABASE_URL',
        'REDIS_URL',
        'CHAIN_ID',
        'LEDGER_ADDRESS',
        'FINALITY',
        'GRPC_PORT',
        'LOG_LEVEL',
        'SYNDIC_CRASH_AT',
      ].toSorted(),
    );
  });

  test('never repeats the value of a secret', () => {
    const faults = faultsOf(() => readCoordinatorConfig({ ...least, DATABASE_URL: 'mysql://root:hunter2@db' }));
    expect(JSON.stringify(faults)).not.toContain('hunter2');
    const given = {
      ...least,
      REDIS_URL: 'rediss://:pw@r:6379/1',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://u:sesame@spans.example/apikey',
    };
    const shown = JSON.stringify(redactConfig(readCoordinatorConfig(given)));
    for (const secret of ['hunter2', 'sesame', 'apikey', ':pw']) expect(shown).not.toContain(secret);
    expect(JSON.parse(shown)).toMatchObject({
      DATABASE_URL: 'postgresql://***@db:5432/syndic',
      REDIS_URL: 'rediss://***@r:6379/1',
      CHAIN_RPC_URL: 'https://***@node.example/***,http://other.example:8545/',
      COORDINATOR_KEYSTORE_PASSPHRASE: '***',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://***@spans.example/***',
      FINALITY: 'blocks:3',
    });
  });

  test('reads secrets from files, their first line', () => {
    const file = join(dir, 'passphrase');
    writeFileSync(file, 'from a file\n');
    const config = readCoordinatorConfig({
      ...least,
      COORDINATOR_KEYSTORE_PASSPHRASE: undefined,
      COORDINATOR_KEYSTORE_PASSPHRASE_FILE: file,
    });
    expect(config.COORDINATOR_KEYSTORE_PASSPHRASE).toBe('from a file');
    const faults = faultsOf(() =>
      readCoordinatorConfig({ ...least, DATABASE_URL: undefined, DATABASE_URL_FILE: join(dir, 'none') }),
    );
    expect(faults).toMatchObject([{ path: 'DATABASE_URL_FILE', message: expect.stringContaining('ENOENT') }]);
  });

  test('reads where a bucket is from one URL', () => {
    const read = (MODELS_S3_URL: string) => readCoordinatorConfig({ ...least, MODELS_S3_URL }).MODELS_S3_URL;
    expect(readCoordinatorConfig(least).MODELS_S3_URL).toBeUndefined();
    expect(read('s3://models?region=eu-central-1')).toEqual({
      ...{ bucket: 'models', prefix: '', region: 'eu-central-1', forcePathStyle: false },
    });
    const endpoint = 'http://127.0.0.1:9000';
    expect(read(`s3://models/a/b/?endpoint=${endpoint}`)).toEqual({
      ...{ bucket: 'models', prefix: 'a/b/', endpoint, region: 'us-east-1', forcePathStyle: true },
    });
    expect(read(`s3://models/a?endpoint=${endpoint}&region=x&forcePathStyle=false`)).toMatchObject({
      ...{ prefix: 'a/', region: 'x', forcePathStyle: false },
    });
  });

  test.each([
    ['models', 'wanted: s3://'],
    ['https://models?region=x', 'wanted: s3://'],
    ['s3://?region=x', 'wanted: s3://'],
    ['s3://models', 'region is missing'],
    ['s3://models?endpoint=ftp://x', 'endpoint is'],
    ['s3://models?region=x&forcePathStyle=yes', 'forcePathStyle is'],
    ['s3://models?region=x&acl=public', 'unknown: acl'],
    ['s3://id:hunter2@models?region=x', 'credentials do not belong here'],
  ])('refuses %s for a bucket', (MODELS_S3_URL, message) => {
    const faults = faultsOf(() => readCoordinatorConfig({ ...least, MODELS_S3_URL }));
    expect(faults).toEqual([{ path: 'MODELS_S3_URL', message: expect.stringContaining(message) }]);
    expect(JSON.stringify(faults)).not.toContain('hunter2');
  });

  test('reads the credentials of a bucket, from a file or not, and never shows them', () => {
    const file = join(dir, 's3');
    writeFileSync(file, 'AKID:secret/with:colon\n');
    const config = readCoordinatorConfig({ ...least, MODELS_S3_CREDENTIALS_FILE: file });
    expect(config.MODELS_S3_CREDENTIALS).toEqual({ accessKeyId: 'AKID', secretAccessKey: 'secret/with:colon' });
    expect(redactConfig(config)).toMatchObject({ MODELS_S3_CREDENTIALS: '***' });
    const faults = faultsOf(() => readCoordinatorConfig({ ...least, MODELS_S3_CREDENTIALS: 'hunter2' }));
    expect(faults).toEqual([{ path: 'MODELS_S3_CREDENTIALS', message: 'wanted: ACCESS_KEY_ID:SECRET_ACCESS_KEY' }]);
  });

  describe('with a deployment file', () => {
    const contracts = {
      consortium: `0x${'11'.repeat(20)}`,
      dataUse: `0x${'22'.repeat(20)}`,
      ledger: `0x${'33'.repeat(20)}`,
    };
    const named = {
      CHAIN_ID: undefined,
      CONSORTIUM_ADDRESS: undefined,
      DATA_USE_ADDRESS: undefined,
      LEDGER_ADDRESS: undefined,
    };
    const read = (content: string, more: Readonly<Record<string, string>> = {}) => {
      const file = join(dir, 'deployment.json');
      writeFileSync(file, content);
      return readCoordinatorConfig({ ...least, ...named, DEPLOYMENT_FILE: file, ...more });
    };
    const deployment = JSON.stringify({ chainId: 5, genesis: `0x${'00'.repeat(32)}`, ...contracts });

    test('needs neither chain id nor addresses', () => {
      expect(read(deployment)).toMatchObject({
        CHAIN_ID: 5,
        CONSORTIUM_ADDRESS: contracts.consortium,
        DATA_USE_ADDRESS: contracts.dataUse,
        LEDGER_ADDRESS: contracts.ledger,
      });
      expect(read(deployment, { CHAIN_ID: '5', LEDGER_ADDRESS: contracts.ledger }).CHAIN_ID).toBe(5);
    });

    test('refuses what contradicts it, whatever the order', () => {
      const faults = faultsOf(() => read(deployment, { CHAIN_ID: '6', LEDGER_ADDRESS: account }));
      expect(faults.map(({ path }) => path)).toEqual(['CHAIN_ID', 'LEDGER_ADDRESS']);
      expect(faults[0]?.message).toBe('is 6, and DEPLOYMENT_FILE says 5: give one of the two');
    });

    test.each([
      ['{', 'DEPLOYMENT_FILE'],
      ['{"chainId":5}', 'DEPLOYMENT_FILE'],
    ])('that cannot be used (%s) names the file alone', (content, path) => {
      expect(faultsOf(() => read(content)).map((fault) => fault.path)).toEqual([path]);
    });

    test('or without one says that either form will do', () => {
      const faults = faultsOf(() => readCoordinatorConfig({ ...least, ...named }));
      expect(faults.map(({ path }) => path)).toEqual(Object.keys(named));
      for (const { message } of faults) expect(message).toContain('DEPLOYMENT_FILE');
    });
  });

  test('takes the account from a file, as it may be known only there', () => {
    const file = join(dir, 'account');
    writeFileSync(file, `${account}\n`);
    const config = readCoordinatorConfig({ ...least, COORDINATOR_ACCOUNT: undefined, COORDINATOR_ACCOUNT_FILE: file });
    expect(config.COORDINATOR_ACCOUNT).toBe(account.toLowerCase());
    const faults = faultsOf(() => readCoordinatorConfig({ ...least, COORDINATOR_ACCOUNT: undefined }));
    expect(faults).toMatchObject([{ path: 'COORDINATOR_ACCOUNT', message: expect.stringContaining('_FILE') }]);
  });

  test('for a migration is the database alone', () => {
    expect(readMigrationConfig({ DATABASE_URL: least.DATABASE_URL })).toEqual({ DATABASE_URL: least.DATABASE_URL });
    expect(faultsOf(() => readMigrationConfig({}))).toMatchObject([{ path: 'DATABASE_URL' }]);
  });

  test('names all its variables', () => {
    expect(coordinatorVariables).toEqual(
      expect.arrayContaining([...Object.keys(least), 'DATABASE_URL_FILE', 'REDIS_URL_FILE']),
    );
    expect(new Set(coordinatorVariables).size).toBe(coordinatorVariables.length);
  });
});
