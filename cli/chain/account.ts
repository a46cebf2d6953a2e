import { type Signer, Wallet } from 'ethers';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { keystoreAddress, openKey } from '../../core/statements/keystore.ts';
import type { Address } from '../../core/values.ts';
import { readInputText } from '../files.ts';
import { readPassphrase } from '../readPassphrase.ts';
import { addressIn } from './keystore.ts';
import { RemoteSigner } from './RemoteSigner.ts';

/** Where an account's key is: in a keystore, or behind a JSON-RPC signer. */
export interface AccountOptions {
  /** Path of the Web3 Secret Storage file (keystore V3). */
  readonly keystore?: string | undefined;
  readonly passphraseFile?: string | undefined;
  /** URL of the signer. */
  readonly signer?: string | undefined;
  /** Which of the signer's accounts. */
  readonly account?: Address | undefined;
}

/** An account, ready to sign. */
export type Account = Signer & { readonly address: string };

/**
 * Who will sign; nothing is unlocked for it. What is only written, for others to sign and send, needs no key here.
 *
 * @throws SyndicError USAGE, KEYSTORE_INVALID, SIGNER_…
 */
export async function accountOf(options: AccountOptions & { readonly relay?: string }): Promise<Address> {
  const { keystore, signer, account, relay } = options;
  if (keystore === undefined && signer === undefined && account !== undefined && relay !== undefined) return account;
  checkChoice(options);
  if (keystore !== undefined) return await addressIn(keystore);
  return account ?? (await RemoteSigner.open({ url: signer ?? '' })).address;
}

/** @throws SyndicError USAGE, KEYSTORE_INVALID, SIGNER_… */
export async function openAccount(options: AccountOptions): Promise<Account> {
  const { keystore, passphraseFile, signer, account } = options;
  checkChoice(options);
  if (keystore === undefined) return await RemoteSigner.open({ url: signer ?? '', account });
  const json = await readInputText(keystore);
  // Asked for after the file was read: nobody types a passphrase for a file that is not there.
  keystoreAddress(json);
  return new Wallet((await openKey(json, await readPassphrase(passphraseFile))).privateKey);
}

function checkChoice({ keystore, signer, account }: AccountOptions): void {
  if ((keystore === undefined) === (signer === undefined)) {
    throw new SyndicError('USAGE', 'say who signs: give one of --keystore FILE and --signer URL');
  }
  if (keystore !== undefined && account !== undefined) {
    throw new SyndicError('USAGE', '--account goes with --signer: a keystore has one account');
  }
}
