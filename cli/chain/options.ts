import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Address, address, type Digest, digest, type Round, round, type Slot, slot } from '../../core/values.ts';
import { type Deployment, dialChain, readChainFile } from './chainFile.ts';
import type { ChainLine } from './connectChain.ts';

/** Options and arguments that commands about the chain share. */

export interface ChainOptions {
  readonly rpc: string;
  readonly deployment: string;
  readonly json?: boolean;
}

/** `--rpc` and `--json`; with `file`, the deployment or invitation too. */
export function withChain(command: Command): Command {
  return withRpc(command).addOption(
    new Option('--deployment <file>', 'what `consortium deploy` wrote, or an invitation')
      .env('SYNDIC_DEPLOYMENT')
      .makeOptionMandatory(),
  );
}

/** The same for a member, whose file is its invitation. */
export function withInvitation(command: Command): Command {
  return withRpc(command).addOption(
    new Option('--invitation <file>', 'the invitation that the operator sent')
      .env('SYNDIC_INVITATION')
      .makeOptionMandatory(),
  );
}

export function withRpc(command: Command): Command {
  return command
    .addOption(new Option('--rpc <url>', "JSON-RPC URL of the chain's node").env('CHAIN_RPC_URL').makeOptionMandatory())
    .option('--json', 'print JSON');
}

/** Who signs: `openAccount`. */
export function withAccount(command: Command, whose: string): Command {
  return command
    .option('--keystore <file>', `keystore (V3 JSON) of ${whose}`)
    .option('--passphrase-file <file>', 'file whose first line opens it (asked for otherwise)')
    .option('--signer <url>', 'instead of it: a JSON-RPC signer (a device, Clef, Web3Signer)')
    .option('--account <address>', 'which of its accounts (default: its only one)', addressArgument);
}

/** Whoever has no money, or is a contract, lets others send: `speak`. */
export function withRelay(command: Command): Command {
  return command.option(
    '--relay <file>',
    'send nothing: sign a message into this file, for anyone to send with `consortium relay` (with --account alone: unsigned)',
  );
}

export function addressArgument(text: string): Address {
  return parsed(address, text, 'give an address: 0x and 40 hex digits');
}

export function digestArgument(text: string): Digest {
  return parsed(digest, text, 'give 0x and 64 hex digits');
}

export function slotArgument(text: string): Slot {
  return parsed((of) => slot(numberArgument(of)), text, 'give a slot: a whole number from 1 to 65535');
}

export function roundArgument(text: string): Round {
  return parsed((of) => round(numberArgument(of)), text, 'give a round: a whole number from 1');
}

export function numberArgument(text: string): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value > 0) return value;
  throw new InvalidArgumentError('give a whole number above zero');
}

function parsed<T>(parse: (text: string) => T, text: string, advice: string): T {
  try {
    return parse(text);
  } catch {
    throw new InvalidArgumentError(advice);
  }
}

/** Runs `work` on a line to the chain that `file` names; the line is closed whatever comes. */
export async function onChain<T>(
  rpc: string,
  file: string,
  work: (chain: ChainLine, deployment: Deployment) => Promise<T>,
): Promise<T> {
  const { deployment } = await readChainFile(file);
  const chain = await dialChain(rpc, deployment);
  try {
    return await work(chain, deployment);
  } finally {
    chain.close();
  }
}
