import { existsSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { JsonRpcProvider } from 'ethers';
import { SyndicError } from '../core/errors/SyndicError.ts';
import type { Address } from '../core/values.ts';
import { workerPaths } from '../worker/config.ts';
import { type Account, type AccountOptions, accountOf } from './chain/account.ts';
import { confirm } from './chain/confirm.ts';
import { keyOf, setKey } from './chain/consortium.ts';
import { addressIn, makeAccount } from './chain/keystore.ts';
import { isCompromised, revokeKey } from './chain/members.ts';
import { numberArgument, onChain, withAccount, withChain, withRelay } from './chain/options.ts';
import { sendOrWrite } from './chain/relay.ts';
import { coordinatorKeystore } from './coordinatorInit.ts';
import { type MemberOptions, printDone, relayedVerb } from './memberVerb.ts';
import { printNote } from './output.ts';

interface RotateOptions extends AccountOptions {
  readonly rpc: string;
  readonly dir: string;
  readonly keyPassphraseFile?: string;
  readonly scryptCost?: number;
  readonly compromised?: boolean;
  readonly relay?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `syndic member rotate`: another worker key. */
export function rotateMemberCommand(): Command {
  return rotation(relayedVerb('rotate'), "the worker's folder")
    .description("make another key for the worker and list it; the one before ends now, and the worker's folder has it")
    .action(async (options: RotateOptions & MemberOptions) => {
      await rotate(options, options.invitation, workerPaths(resolve(options.dir)).keystore, 'worker');
    });
}

/** `syndic consortium rotate`: another coordinator key. */
export function rotateCoordinatorCommand(): Command {
  return rotation(
    withRelay(withAccount(withChain(new Command('rotate')), "the coordinator's account")),
    "the coordinator's folder",
  )
    .description(
      'make another key for the coordinator and list it; the one before ends now: stop the coordinator first',
    )
    .action(async (options: RotateOptions & { readonly deployment: string }) => {
      await rotate(options, options.deployment, coordinatorKeystore(options.dir), 'coordinator');
    });
}

function rotation(command: Command, folder: string): Command {
  return command
    .requiredOption('--dir <folder>', folder)
    .option('--key-passphrase-file <file>', 'file whose first line seals the new key (asked for otherwise)')
    .addOption(new Option('--scrypt-cost <n>', "scrypt's N").argParser(numberArgument).hideHelp())
    .option(
      '--compromised',
      'somebody else has the old key: nothing that it signed in the open round counts; on record for good',
    )
    .option('--yes', 'sign without asking');
}

/**
 * The new key lies beside the old one until the chain lists it; only then do they change places. Killed anywhere and
 * run again, or run again once somebody sent what was relayed, it goes on with the same new key.
 */
async function rotate(options: RotateOptions, file: string, keystore: string, whose: string): Promise<void> {
  if (options.compromised && options.relay !== undefined) {
    throw new SyndicError(
      'USAGE',
      'with --relay, mark the key by a message of its own: revoke-key --compromised --relay',
    );
  }
  const account = await accountOf(options);
  const old = await addressIn(keystore);
  const compromised = options.compromised === true;
  const done = await onChain(options.rpc, file, async (chain, deployment) => {
    const { provider } = chain;
    const { consortium } = deployment;
    const current = await keyOf(provider, consortium, account);
    const next = `${keystore}.next`;
    checkOwn({ account, current, keystore, old, next: existsSync(next) ? await addressIn(next) : null });
    const key = await nextKey(next, options);
    const state = { account, key, ended: old, compromised, keystore };
    if (current !== key) {
      tell(options, { whose, account, old, key, compromised });
      await confirm('Rotate the key?', options.yes === true, options.json === true);
      const written = await sendOrWrite(chain, deployment, account, 'SetKey', { account, key }, options, (signer) =>
        replaceKey(provider, signer, consortium, state),
      );
      if ('relay' in written) return { ...state, listed: false, ...written };
    }
    // The old one lies aside before its place is taken.
    await copyFile(keystore, `${keystore}.${old}`);
    await rename(next, keystore);
    return { ...state, listed: true };
  });
  printDone(options, done);
  if (options.json) return;
  printNote(
    done.listed
      ? `Restart the ${whose}: it goes on with the new key in ${keystore}; the old one lies beside it.`
      : `Once that is on chain, run this again: it puts the new key into ${keystore}.`,
  );
}

/** Before anything is made: the folder's key is the one that ends. */
function checkOwn(known: {
  readonly account: Address;
  readonly current: Address | null;
  readonly keystore: string;
  readonly old: Address;
  readonly next: Address | null;
}): void {
  const { account, current, keystore, old, next } = known;
  if (current === null || current === old || current === next) return;
  throw new SyndicError(
    'STATE_CONFLICT',
    `the current key of account ${account} is ${current}, and ${keystore} holds ${old}: give the folder with that key`,
    { current, found: old },
  );
}

async function nextKey(path: string, { keyPassphraseFile, scryptCost }: RotateOptions): Promise<Address> {
  return await makeAccount({ keystore: path, passphraseFile: keyPassphraseFile }, scryptCost);
}

/** What is stolen stops first, at once, whatever comes after. */
async function replaceKey(
  provider: JsonRpcProvider,
  account: Account,
  consortium: Address,
  { key, ended, compromised }: { readonly key: Address; readonly ended: Address; readonly compromised: boolean },
): Promise<object> {
  if (compromised && !(await isCompromised(provider, consortium, ended))) {
    await revokeKey(provider, account, consortium, ended, true);
  }
  await setKey(provider, account, consortium, key);
  return {};
}

function tell(
  { json }: RotateOptions,
  rotation: { whose: string; account: Address; old: Address; key: Address; compromised: boolean },
): void {
  if (json) return;
  const { whose, account, old, key, compromised } = rotation;
  const lines = [
    `You are about to replace the ${whose}'s key of account ${account}:`,
    `  ends now     ${old}${compromised ? ', marked as compromised for good: what it signed in the open round does not count' : ''}`,
    `  from now on  ${key}`,
    `The ${whose} cannot act until it is started again with the new key.`,
    '',
  ];
  for (const line of lines) printNote(line);
}
