import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { keystoreAddress, openKey, sealKey } from '../../../../core/statements/keystore.ts';
import { addressOf } from '../../../../core/statements/sign.ts';
import { rejected, thrown } from '../thrown.ts';

const KEY = `0x${'07'.repeat(32)}`;
const PASSPHRASE = 'correct horse';
/** scrypt's least: these keys guard nothing. */
const QUICK = 2;

describe('a keystore', () => {
  test('opens with its passphrase, and names its address without one', async () => {
    const json = await sealKey(KEY, PASSPHRASE, QUICK);
    expect(await openKey(json, PASSPHRASE)).toEqual({ address: addressOf(KEY), privateKey: KEY });
    expect(keystoreAddress(json)).toBe(addressOf(KEY));
    expect(json).not.toContain(KEY.slice(2));
  });

  test('is Web3 Secret Storage, version 3, with the cost that was asked for', async () => {
    const stored = JSON.parse(await sealKey(KEY, PASSPHRASE, 4));
    expect(stored).toMatchObject({ version: 3, address: addressOf(KEY).slice(2) });
    expect(stored.Crypto ?? stored.crypto).toMatchObject({ kdf: 'scrypt', kdfparams: { n: 4 } });
  });

  test('names its address with or without 0x', async () => {
    const stored = JSON.parse(await sealKey(KEY, PASSPHRASE, QUICK));
    const prefixed = JSON.stringify({ ...stored, address: addressOf(KEY) });
    expect(keystoreAddress(prefixed)).toBe(addressOf(KEY));
  });

  test('does not open with another passphrase, and says nothing of either', async () => {
    const json = await sealKey(KEY, PASSPHRASE, QUICK);
    const error = await rejected(openKey(json, 'incorrect donkey'));
    expect(error).toMatchObject({
      code: 'KEYSTORE_INVALID',
      message: 'the keystore does not open: check the passphrase',
    });
    for (const secret of ['donkey', PASSPHRASE, KEY.slice(2)])
      expect(inspect(error, { depth: 9 })).not.toContain(secret);
  });

  test.each(['', '{}', 'no JSON', '{"version":1}'])('is not %j', async (json) => {
    expect(await rejected(openKey(json, PASSPHRASE))).toMatchObject({
      code: 'KEYSTORE_INVALID',
      message: 'this is no keystore: give the JSON file that `init` wrote',
    });
    expect(thrown(() => keystoreAddress(json))).toMatchObject({
      code: 'KEYSTORE_INVALID',
      message: 'this is no keystore JSON',
    });
  });
});
