import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keystoreAddress, sealKey } from '../core/statements/keystore.ts';
import { type Address, bytesToHex } from '../core/values.ts';
import { keepFile } from '../worker/keepFile.ts';

/** An Ethereum account as a person of the box holds it. */
export interface Account {
  readonly address: Address;
  readonly keystore: string;
  readonly passphraseFile: string;
}

/**
 * scrypt's N for keystores of a box. Their passphrase lies in the file beside them, so that a costly derivation would
 * protect nothing and only slow the demonstration down.
 */
export const BOX_SCRYPT_COST = 4096;

/** An account in `dir`, freshly made unless it is there. */
export async function ensureAccount(dir: string): Promise<Account> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const keystore = join(dir, 'account.json');
  const passphraseFile = join(dir, 'passphrase');
  if (!existsSync(passphraseFile)) await keepFile(passphraseFile, `${randomBytes(24).toString('base64url')}\n`, 0o600);
  if (!existsSync(keystore)) {
    const passphrase = (await readFile(passphraseFile, 'utf8')).trim();
    await keepFile(keystore, await sealKey(bytesToHex(randomBytes(32)), passphrase, BOX_SCRYPT_COST), 0o600);
  }
  return { address: keystoreAddress(await readFile(keystore, 'utf8')), keystore, passphraseFile };
}
