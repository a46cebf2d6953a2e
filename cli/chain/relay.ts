import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { JsonRpcProvider, Signer } from 'ethers';
import type { Receipt } from '../../coordinator/chain/node.ts';
import { contractErrorOf } from '../../coordinator/chain/revert.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import { domain } from '../../core/statements/types.ts';
import type { Address } from '../../core/values.ts';
import { printNote } from '../output.ts';
import { type Account, type AccountOptions, openAccount } from './account.ts';
import type { Deployment } from './chainFile.ts';
import type { ChainLine } from './connectChain.ts';
import {
  abiOf,
  checkSigned,
  kindOf,
  type MessageName,
  type MessageValues,
  type SignedMessage,
  signedMessage,
  typesOf,
} from './messages.ts';
import { read } from './read.ts';
import { invoke } from './send.ts';
import { verdictsOf } from './verdicts.ts';

export interface SpeakOptions extends AccountOptions {
  /** Instead of a transaction: a file that somebody else sends with `syndic consortium relay`. */
  readonly relay?: string;
  readonly json?: boolean;
}

export interface Written {
  readonly relay: string;
  readonly signed: boolean;
}

/** Says in plain words what the account says, then does it: `sendOrWrite`. */
export async function speak<T extends object>(
  chain: ChainLine,
  deployment: Deployment,
  account: Address,
  name: MessageName,
  values: MessageValues,
  options: SpeakOptions,
  send: (account: Account) => Promise<T>,
): Promise<T | Written> {
  if (!options.json) printNote(sentence(account, name, values));
  return await sendOrWrite(chain, deployment, account, name, values, options, send);
}

/** Sends what the account says, or writes it for somebody else to send. */
export async function sendOrWrite<T extends object>(
  chain: ChainLine,
  deployment: Deployment,
  account: Address,
  name: MessageName,
  values: MessageValues,
  options: SpeakOptions,
  send: (account: Account) => Promise<T>,
): Promise<T | Written> {
  if (options.relay === undefined) return await send(await openAccount(options));
  return await writeMessage(chain, deployment, account, name, values, { ...options, relay: options.relay });
}

function sentence(account: Address, name: MessageName, values: MessageValues): string {
  return `Account ${account} says that ${kindOf(name).words(values)}.`;
}

/**
 * Signs a message of the account's and writes it, with the nonce that it needs now. Without keystore or signer it is
 * written unsigned: for a multisig, whose signature is given to `relay`.
 */
export async function writeMessage(
  chain: ChainLine,
  deployment: Deployment,
  account: Address,
  name: MessageName,
  values: MessageValues,
  options: SpeakOptions & { readonly relay: string },
): Promise<Written> {
  const contract = (await contractsOf(chain.provider, deployment))[kindOf(name).contract];
  const message = await withNonce(chain.provider, { name, contract, account }, values);
  const unsigned = options.keystore === undefined && options.signer === undefined;
  const signature = unsigned
    ? null
    : await (await openAccount(options)).signTypedData(
        domain(chain.chainId, contract),
        typesOf(name),
        Object.fromEntries(Object.entries(message)),
      );
  const signed = signedMessage(name, { chainId: chain.chainId, contract }, { account, message, signature });
  const path = resolve(options.relay);
  await writeFile(path, `${JSON.stringify(signed, null, 2)}\n`);
  if (!options.json) {
    if (unsigned) printNote(`It is not signed yet: have ${account} sign the file's typedData.`);
    printNote(`Whoever pays sends it: syndic consortium relay ${path}${unsigned ? ' --signature 0x…' : ''}`);
  }
  return { relay: path, signed: !unsigned };
}

async function withNonce(
  provider: JsonRpcProvider,
  { name, contract, account }: { name: MessageName; contract: Address; account: Address },
  values: MessageValues,
): Promise<MessageValues> {
  const kind = kindOf(name);
  if (!kind.fields.some(([field]) => field === 'nonce')) return values;
  const of = kind.contract === 'consortium' ? [account] : [values.study, values.slot];
  const [nonce] = await read(provider, { abi: abiOf[kind.contract], address: contract }, 'nonces', of);
  return { ...values, nonce: Number(nonce) };
}

/**
 * A message as somebody wrote it, and what it says.
 *
 * @throws SyndicError DOCUMENT_INVALID, CHAIN_MISMATCH
 */
export async function readMessage(
  chain: ChainLine,
  deployment: Deployment,
  value: unknown,
): Promise<SignedMessage & { readonly words: string }> {
  const signed = checkSigned(value, chain.chainId, await contractsOf(chain.provider, deployment));
  const { primaryType, message } = signed.typedData;
  return { ...signed, words: sentence(signed.account, primaryType, message) };
}

/** Sends what another account signed; the sender pays. The contract checks the signature before anything is sent. */
export async function sendMessage(
  chain: ChainLine,
  deployment: Deployment,
  sender: Signer,
  { typedData: { primaryType, message } }: SignedMessage,
  signature: string,
): Promise<Receipt> {
  const kind = kindOf(primaryType);
  const contract = {
    abi: abiOf[kind.contract],
    address: (await contractsOf(chain.provider, deployment))[kind.contract],
  };
  const args = kind.args.map((name) => message[name]);
  try {
    return await invoke(chain.provider, sender, contract, kind.method, [...args, signature]);
  } catch (thrown) {
    const error = contractErrorOf(thrown);
    if (error?.name !== 'InvalidSignature' && error?.name !== 'NotTheMember') throw thrown;
    throw new SyndicError(
      'SIGNATURE_INVALID',
      'the contract does not take the signature: it is not the account’s, or the account has acted since, which voids what it signed before',
      { error },
    );
  }
}

async function contractsOf(provider: JsonRpcProvider, { consortium, dataUse, ledger }: Deployment) {
  return { consortium, dataUse, verdicts: await verdictsOf(provider, ledger) };
}
