import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { readWorkerConfig } from '../../../worker/config.ts';

const least = {
  WORKER_DIR: '/var/lib/worker',
  CHAIN_RPC_URL: 'http://127.0.0.1:8545',
  DATA_FILE: '/data/rows.csv',
};

test.each([tmpdir(), '/nowhere/at/all'])(
  'a passphrase file %s that cannot be read is a fault like any other',
  (file) => {
    const given = { ...least, KEYSTORE_PASSPHRASE: 'open sesame', KEYSTORE_PASSPHRASE_FILE: file, BACKEND: 'abacus' };
    expect(() => readWorkerConfig(given)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        details: {
          faults: [
            { path: 'KEYSTORE_PASSPHRASE_FILE', message: expect.stringContaining('cannot be read') },
            { path: 'BACKEND', message: expect.any(String) },
          ],
        },
      }),
    );
  },
);

test('an empty variable is as good as none, and a number that is none is one fault', () => {
  const given = { ...least, KEYSTORE_PASSPHRASE: 'open sesame', KEYSTORE_PASSPHRASE_FILE: '', BACKEND: '' };
  expect(readWorkerConfig({ ...given, CHAIN_LAG_SECONDS: '' })).toMatchObject({
    BACKEND: 'auto',
    CHAIN_LAG_SECONDS: 30,
  });
  expect(readWorkerConfig({ ...given, CHAIN_LAG_SECONDS: '3600' })).toMatchObject({ CHAIN_LAG_SECONDS: 3600 });
  for (const wrong of ['3601', '-1', '1.5', '1e3', ' 1', '99999999999999999999']) {
    const faults = [{ path: 'CHAIN_LAG_SECONDS', message: 'a whole number, 0 to 3600' }];
    expect(() => readWorkerConfig({ ...given, CHAIN_LAG_SECONDS: wrong })).toThrow(
      expect.objectContaining({ details: { faults } }),
    );
  }
});
