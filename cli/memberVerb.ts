import { Command } from 'commander';
import type { AccountOptions } from './chain/account.ts';
import { withAccount, withInvitation, withRelay } from './chain/options.ts';
import { printFields, printJson } from './output.ts';

/** What every verb of a member's account takes. */
export type MemberOptions = AccountOptions & {
  readonly relay?: string;
  readonly rpc: string;
  readonly invitation: string;
  readonly json?: boolean;
};

export function memberVerb(verb: string): Command {
  return withAccount(withInvitation(new Command(verb)), "the hospital's account");
}

/** The same for what the contracts also take as a message. */
export function relayedVerb(verb: string): Command {
  return withRelay(memberVerb(verb));
}

export function printDone(
  options: { readonly json?: boolean },
  done: Readonly<Record<string, string | number | boolean | null>>,
): void {
  if (options.json) printJson(done);
  else
    printFields(
      Object.entries(done).map(([name, value]) => [name, typeof value === 'boolean' ? String(value) : value]),
    );
}
