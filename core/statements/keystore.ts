import { decryptKeystoreJson, encryptKeystoreJson, isKeystoreJson } from 'ethers/wallet';
import { SyndicError } from '../errors/SyndicError.ts';
import { type Address, address } from '../values.ts';
import { addressOf } from './sign.ts';

/** A private key opened from its keystore. Never logged, never put into an error. */
export interface OpenedKey {
  readonly address: Address;
  /** 32 bytes as 0x-hex. */
  readonly privateKey: `0x${string}`;
}

/** scrypt's cost (RFC 7914): 2^17 is the Web3 Secret Storage default, about half a second. */
export const STANDARD_COST = 131_072;

/** The Web3 Secret Storage (keystore V3) JSON of a private key, as wallets and geth read it. */
export async function sealKey(privateKey: string, passphrase: string, cost: number = STANDARD_COST): Promise<string> {
  return await encryptKeystoreJson({ address: addressOf(privateKey), privateKey }, passphrase, { scrypt: { N: cost } });
}

/** @throws SyndicError KEYSTORE_INVALID on a wrong passphrase or what is no keystore */
export async function openKey(json: string, passphrase: string): Promise<OpenedKey> {
  if (!isKeystoreJson(json)) {
    throw new SyndicError('KEYSTORE_INVALID', 'this is no keystore: give the JSON file that `init` wrote');
  }
  try {
    const account = await decryptKeystoreJson(json, passphrase);
    return { address: address(account.address), privateKey: account.privateKey as `0x${string}` };
  } catch {
    // Whatever went wrong in there has seen the passphrase: nothing of it is passed on.
    throw new SyndicError('KEYSTORE_INVALID', 'the keystore does not open: check the passphrase');
  }
}

/** The address that a keystore names, readable without its passphrase. @throws SyndicError KEYSTORE_INVALID */
export function keystoreAddress(json: string): Address {
  if (!isKeystoreJson(json)) throw new SyndicError('KEYSTORE_INVALID', 'this is no keystore JSON');
  const { address: text } = JSON.parse(json) as { address: string };
  return address(text.startsWith('0x') ? text : `0x${text}`);
}
