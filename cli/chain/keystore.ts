import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { keystoreAddress, sealKey } from '../../core/statements/keystore.ts';
import { type Address, bytesToHex } from '../../core/values.ts';
import { keepFile } from '../../worker/keepFile.ts';
import { readNewPassphrase } from '../readPassphrase.ts';

export interface KeystoreOptions {
  /** Path of the Web3 Secret Storage file (keystore V3). */
  readonly keystore: string;
  readonly passphraseFile?: string | undefined;
}

/**
 * Makes an account in a keystore that only its owner can read. One that is there stays, and its address is returned.
 *
 * @param cost scrypt's N; the keystore standard's when left out
 * @throws SyndicError KEYSTORE_INVALID when something else is there
 */
export async function makeAccount(options: KeystoreOptions, cost?: number): Promise<Address> {
  const path = resolve(options.keystore);
  if (!existsSync(path)) {
    const passphrase = await readNewPassphrase(options.passphraseFile);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await keepFile(path, await sealKey(bytesToHex(randomBytes(32)), passphrase, cost), 0o600);
  }
  return await addressIn(path);
}

/** The address that a keystore names; no passphrase is needed. @throws SyndicError KEYSTORE_INVALID, NOT_FOUND */
export async function addressIn(path: string): Promise<Address> {
  if (!existsSync(path)) {
    throw new SyndicError('NOT_FOUND', `there is no keystore ${path}: give another path, or make one`, { path });
  }
  return keystoreAddress(await readFile(path, 'utf8'));
}
