import { Command } from 'commander';
import { parseJson } from '../core/canonicalJson.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type AccountOptions, openAccount } from './chain/account.ts';
import { type ChainOptions, onChain, withAccount, withChain } from './chain/options.ts';
import { readMessage, sendMessage } from './chain/relay.ts';
import { readInput } from './files.ts';
import { printDone } from './memberVerb.ts';
import { printNote } from './output.ts';

/** `syndic consortium relay`: sends what an account signed that has no money, or is a contract. */
export function relayCommand(): Command {
  return withAccount(withChain(new Command('relay')), 'any account: it pays')
    .description('send what another account signed with --relay FILE')
    .argument('<file>', 'the message')
    .option('--signature <hex>', "the account's signature, where the file has none: a multisig's (ERC-1271)")
    .action(async (file: string, options: ChainOptions & AccountOptions & { readonly signature?: string }) => {
      const value = parseJson(await readInput(file));
      const done = await onChain(options.rpc, options.deployment, async (chain, deployment) => {
        const message = await readMessage(chain, deployment, value);
        const signature = options.signature ?? message.signature;
        if (signature === null) {
          throw new SyndicError(
            'USAGE',
            `${file} is not signed: have ${message.account} sign its typedData, and give --signature`,
          );
        }
        if (!/^0x([0-9a-fA-F]{2})+$/.test(signature)) throw new SyndicError('USAGE', '--signature wants 0x-hex');
        if (!options.json) printNote(message.words);
        const { transactionHash } = await sendMessage(
          chain,
          deployment,
          await openAccount(options),
          message,
          signature,
        );
        return { account: message.account, message: message.typedData.primaryType, transaction: transactionHash };
      });
      printDone(options, done);
    });
}
