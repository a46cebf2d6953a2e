import { Command } from 'commander';
import type { JsonRpcProvider } from 'ethers';
import { type Address, address, type Slot } from '../core/values.ts';
import { type Account, type AccountOptions, openAccount } from './chain/account.ts';
import {
  acceptAdmin,
  type CoordinatorStatus,
  cancelRecovery,
  completeRecovery,
  consortiumStatus,
  offerAdmin,
  proposeRecovery,
  setSuspended,
} from './chain/members.ts';
import { addressArgument, type ChainOptions, onChain, slotArgument, withAccount, withChain } from './chain/options.ts';
import { announce, isoTime, printFields, printJson, printLine, printNote, printTable } from './output.ts';

type SignedOptions = ChainOptions & AccountOptions;

/** `syndic consortium status`: who is in it, as the chain has it. */
export function statusCommand(): Command {
  return withChain(new Command('status'))
    .description(
      'the admin, the coordinators with the receipts that they broke, and the members with their keys, suspensions and recoveries',
    )
    .action(async (options: ChainOptions) => {
      const status = await onChain(options.rpc, options.deployment, consortiumStatus);
      if (options.json) return printJson(status);
      printNote(`admin ${status.admin}`);
      const { nextAdmin } = status;
      if (nextAdmin !== null) printNote(`${nextAdmin.account} may take over from ${isoTime(nextAdmin.ready)}`);
      for (const coordinator of status.coordinators) printNote(tellCoordinator(coordinator));
      printTable(
        ['slot', 'account', 'worker key', 'admitted', 'suspended', 'recovery'],
        status.members.map(({ recovery, suspended, ...member }) => [
          member.slot,
          member.account,
          member.key,
          isoTime(member.admitted),
          suspended === null ? null : isoTime(suspended),
          recovery === null ? null : `${recovery.account} from ${isoTime(recovery.ready)}`,
        ]),
      );
    });
}

function tellCoordinator({ account, key, listed, omissions }: CoordinatorStatus): string {
  const state = listed ? `key ${key ?? 'none'}` : 'no longer listed';
  const broken = omissions === 1 ? '1 RECEIPT' : `${omissions} RECEIPTS`;
  return `coordinator ${account}, ${state}${omissions === 0 ? '' : `: ITS RECORDS BREAK ${broken}, proven on chain`}`;
}

export function suspendCommand(): Command {
  return suspension('suspend', 'stop including a member: its grants stay, and count again once it is reinstated', true);
}

export function reinstateCommand(): Command {
  return suspension('reinstate', 'end the suspension of a member', false);
}

function suspension(name: string, description: string, suspended: boolean): Command {
  return withAccount(withChain(new Command(name)), "the consortium's admin")
    .description(description)
    .argument('<slot>', "the member's slot", slotArgument)
    .action(async (of: Slot, options: SignedOptions) => {
      const changed = await signed(options, `${name}s slot ${of}`, (account, provider, consortium) =>
        setSuspended(provider, account, consortium, of, suspended),
      );
      const state = suspended ? 'suspended' : 'active';
      if (options.json) printJson({ slot: of, state, changed });
      else printLine(`slot ${of} ${changed ? 'is now' : 'was already'} ${state}`);
    });
}

/** `syndic consortium recover …`: another account for a member that lost its own. */
export function recoverCommand(): Command {
  const propose = withAccount(withChain(new Command('propose')), "the consortium's admin")
    .description('propose an account; it counts after a delay in which the member can cancel it')
    .argument('<slot>', "the member's slot", slotArgument)
    .argument('<account>', "the member's new account", addressArgument)
    .action(async (of: Slot, account: Address, options: SignedOptions) => {
      const ready = await signed(
        options,
        `proposes ${account} in place of slot ${of}'s account`,
        (admin, provider, consortium) => proposeRecovery(provider, admin, consortium, of, account),
      );
      print(options, { slot: of, account, ready: isoTime(ready) });
    });
  const cancel = withAccount(withChain(new Command('cancel')), "the member's account, or the consortium's admin")
    .description('cancel what was proposed')
    .argument('<slot>', "the member's slot", slotArgument)
    .action(async (of: Slot, options: SignedOptions) => {
      await signed(options, `cancels the recovery of slot ${of}`, (account, provider, consortium) =>
        cancelRecovery(provider, account, consortium, of),
      );
      print(options, { slot: of, cancelled: 'yes' });
    });
  const complete = withAccount(withChain(new Command('complete')), 'any account: it pays')
    .description('let the proposed account take the place of the lost one, once the delay is over')
    .argument('<slot>', "the member's slot", slotArgument)
    .action(async (of: Slot, options: SignedOptions) => {
      const account = await signed(options, `completes the recovery of slot ${of}`, (sender, provider, consortium) =>
        completeRecovery(provider, sender, consortium, of),
      );
      print(options, { slot: of, account });
    });
  return new Command('recover')
    .description('give a member that lost its account another one')
    .addCommand(propose)
    .addCommand(cancel)
    .addCommand(complete);
}

/** `syndic consortium admin …`: hands the consortium over, in two steps with a delay between. */
export function adminCommand(): Command {
  const offer = withAccount(withChain(new Command('offer')), "the consortium's admin")
    .description('name who is to be admin next; it may accept once the delay is over')
    .argument('<account>', 'the account', addressArgument)
    .action(async (account: Address, options: SignedOptions) => {
      const ready = await signed(options, `names ${account} as the next admin`, (admin, provider, consortium) =>
        offerAdmin(provider, admin, consortium, account),
      );
      print(options, { account, ready: isoTime(ready) });
    });
  const accept = withAccount(withChain(new Command('accept')), 'the account that was named')
    .description('become the admin')
    .action(async (options: SignedOptions) => {
      const admin = await signed(options, 'becomes the admin', async (account, provider, consortium) => {
        await acceptAdmin(provider, account, consortium);
        return address(account.address);
      });
      print(options, { admin });
    });
  return new Command('admin').description('who admits and suspends').addCommand(offer).addCommand(accept);
}

/** Says in plain words what the account does (`words` go on from its name), then runs `act` with it. */
async function signed<T>(
  options: SignedOptions,
  words: string,
  act: (account: Account, provider: JsonRpcProvider, consortium: Address) => Promise<T>,
): Promise<T> {
  const account = await openAccount(options);
  announce(options, `Account ${address(account.address)} ${words}.`);
  return await onChain(options.rpc, options.deployment, ({ provider }, { consortium }) =>
    act(account, provider, consortium),
  );
}

function print(options: ChainOptions, done: Readonly<Record<string, string | number>>): void {
  if (options.json) printJson(done);
  else printFields(Object.entries(done));
}
