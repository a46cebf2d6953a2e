import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { coordinatorVariables, readCoordinatorConfig, redactConfig } from '../../coordinator/config.ts';
import { readWorkerConfig, workerVariables } from '../../worker/config.ts';
import { awkwardText } from './arbitraries.ts';
import { resultOrRefusal } from './refused.ts';
import { runs } from './runs.ts';

const account = `0x${'ab'.repeat(20)}`;
const coordinator: Record<string, string> = {
  DATABASE_URL: 'postgresql://syndic@db:5432/syndic',
  MODELS_DIR: '/var/lib/models',
  CHAIN_RPC_URL: 'https://node.example',
  CHAIN_ID: '1337',
  CONSORTIUM_ADDRESS: account,
  DATA_USE_ADDRESS: account,
  LEDGER_ADDRESS: account,
  FINALITY: 'instant',
  COORDINATOR_ACCOUNT: account,
  COORDINATOR_KEYSTORE_FILE: '/run/key.json',
  COORDINATOR_KEYSTORE_PASSPHRASE: 'open sesame',
  TLS_CERT_FILE: '/run/cert.pem',
  TLS_KEY_FILE: '/run/key.pem',
};
const worker: Record<string, string> = {
  WORKER_DIR: '/var/lib/worker',
  KEYSTORE_PASSPHRASE: 'open sesame',
  CHAIN_RPC_URL: 'http://127.0.0.1:8545',
  DATA_FILE: '/data/rows.csv',
};

/** What a variable may be set to by a slip of a hand, or by somebody who means harm. */
const setting = fc.oneof(
  awkwardText,
  fc.webUrl(),
  fc.integer().map(String),
  fc.constantFrom(
    '1e3',
    '0x10',
    ' 1',
    '1 ',
    '٣',
    '-1',
    '1.5',
    'Infinity',
    '99999999999999999999',
    'blocks:',
    'blocks:-1',
  ),
  fc.constantFrom(
    'postgresql://',
    'redis://[::1',
    'http://',
    '/',
    '.',
    '/dev/null',
    '/proc/self/mem',
    '\u0000',
    'a\u0000b',
  ),
);

function environment(least: Record<string, string>, names: readonly string[]) {
  return fc
    .dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, awkwardText), setting, {
      maxKeys: 6,
      noNullPrototype: true,
    })
    .map((changes) => ({ ...least, ...changes }));
}

function faultsIn(error: unknown): readonly { path: string; message: string }[] {
  return Reflect.get(Reflect.get(Object(error), 'details'), 'faults');
}

describe.each([
  ['coordinator', coordinator, coordinatorVariables, readCoordinatorConfig],
  ['worker', worker, workerVariables, readWorkerConfig],
] as const)('the %s’s configuration', (_, least, names, read) => {
  test('of any strings is read, or refused with each fault by its variable', () => {
    fc.assert(
      fc.property(environment(least, names), (given) => {
        try {
          read(given);
        } catch (error) {
          resultOrRefusal(['CONFIG_INVALID'], () => {
            throw error;
          });
          const faults = faultsIn(error);
          expect(faults.length).toBeGreaterThan(0);
          for (const { path, message } of faults) {
            expect(names).toContain(path);
            expect(String(Reflect.get(Object(error), 'message'))).toContain(`${path}: ${message}`);
          }
          const listed = faults.map(({ path }) => path);
          expect(listed).toEqual([...new Set(listed)]);
        }
      }),
      runs(300),
    );
  });

  test('names every variable that is wrong, not the first alone', () => {
    const wrong = fc.subarray(
      Object.keys(least).filter((name) => !/PASSPHRASE|DIR|FILE/.test(name)),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(wrong, (chosen) => {
        const given = { ...least, ...Object.fromEntries(chosen.map((name) => [name, 'wrong'])) };
        try {
          read(given);
        } catch (error) {
          expect(
            faultsIn(error)
              .map(({ path }) => path)
              .sort(),
          ).toEqual([...chosen].sort());
          return;
        }
        throw new Error('nothing was thrown');
      }),
      runs(60),
    );
  });

  test('never repeats the value of a secret', () => {
    const secrets = names.filter((name) => /^(DATABASE_URL|REDIS_URL|CHAIN_RPC_URL|.*PASSPHRASE)$/.test(name));
    const secret = fc.tuple(
      fc.constantFrom('', 'https://', 'postgresql://u:', 'x@'),
      fc.constant('hunter2'),
      awkwardText,
    );
    const all = fc.record(Object.fromEntries(secrets.map((name) => [name, secret.map((parts) => parts.join(''))])));
    fc.assert(
      fc.property(environment(least, names), all, (given, hidden) => {
        try {
          read({ ...given, ...hidden });
        } catch (error) {
          expect(JSON.stringify([String(error), error])).not.toContain('hunter2');
        }
      }),
      runs(200),
    );
  });
});

test('what --print-config shows holds no secret', () => {
  const user = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(user, fc.constantFrom('/v3/hunter2', '?key=hunter2', '/hunter2#hunter2'), (name, rest) => {
      const given = {
        ...coordinator,
        DATABASE_URL: `postgresql://${name}:hunter2@db/syndic?password=hunter2`,
        REDIS_URL: `rediss://:hunter2@${name}:6379/0`,
        CHAIN_RPC_URL: `https://${name}:hunter2@node.example${rest}`,
        COORDINATOR_KEYSTORE_PASSPHRASE: 'hunter2',
      };
      expect(JSON.stringify(redactConfig(readCoordinatorConfig(given)))).not.toContain('hunter2');
    }),
    runs(50),
  );
});
