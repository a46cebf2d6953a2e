import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { checkDeployed } from '../coordinator/chain/checks.ts';
import { blockAt } from '../coordinator/chain/node.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { type Address, address, type Digest } from '../core/values.ts';
import { type AccountOptions, openAccount } from './chain/account.ts';
import { accountCommand } from './chain/accountCommand.ts';
import { type Deployment, writeDeployment } from './chain/chainFile.ts';
import { connectChain } from './chain/connectChain.ts';
import { addCoordinator, addRole, admitMember } from './chain/consortium.ts';
import { deployContracts } from './chain/deploy.ts';
import { pinOf, writeInvitation } from './chain/invite.ts';
import {
  addressArgument,
  type ChainOptions,
  digestArgument,
  numberArgument,
  onChain,
  withAccount,
  withChain,
  withRpc,
} from './chain/options.ts';
import { adminCommand, recoverCommand, reinstateCommand, statusCommand, suspendCommand } from './consortiumMembers.ts';
import { relayCommand } from './consortiumRelay.ts';
import { announce, printFields, printJson, printLine, printNote } from './output.ts';
import { rotateCoordinatorCommand } from './rotate.ts';

/** `syndic consortium …`: what the consortium's admin does. */
export function consortiumCommand(): Command {
  return new Command('consortium')
    .description('deploy the contracts, admit members, list operators and coordinators')
    .addCommand(accountCommand('the account that will be admin, operator or coordinator'))
    .addCommand(deployCommand())
    .addCommand(statusCommand())
    .addCommand(admitCommand())
    .addCommand(suspendCommand())
    .addCommand(reinstateCommand())
    .addCommand(recoverCommand())
    .addCommand(adminCommand())
    .addCommand(rotateCoordinatorCommand())
    .addCommand(relayCommand())
    .addCommand(new Command('operator').description('who may open studies').addCommand(addOperatorCommand('operator')))
    .addCommand(new Command('auditor').description('who may read everything').addCommand(addOperatorCommand('auditor')))
    .addCommand(new Command('coordinator').description('who may coordinate').addCommand(addCoordinatorCommand()));
}

type DeployOptions = AccountOptions & {
  readonly rpc: string;
  readonly admin?: Address;
  readonly delayDays?: number;
  readonly out?: string;
  readonly json?: boolean;
};

function deployCommand(): Command {
  return withAccount(withRpc(new Command('deploy')), 'the account that deploys')
    .description('deploy the contracts and say where they stand')
    .option(
      '--admin <account>',
      'who admits members and gives roles (default: the account that deploys)',
      addressArgument,
    )
    .option('--delay-days <n>', "days before another admin, or a member's recovered account, counts", numberArgument, 3)
    .option('--out <file>', 'write the deployment here as well; one that is there stays, and nothing is deployed')
    .action(async (options: DeployOptions) => {
      const deployment = await deployOnce(options);
      if (options.json) printJson(deployment);
      else printFields(Object.entries(deployment));
    });
}

/**
 * What stands already, when `out` says so and the chain bears it out; else deploys.
 *
 * @throws SyndicError CHAIN_MISMATCH when `out` tells of another chain, or of contracts that are not there
 */
async function deployOnce(options: DeployOptions): Promise<Deployment> {
  const { rpc, out } = options;
  if (out !== undefined && existsSync(out)) {
    return await onChain(rpc, out, async (chain, deployment) => {
      const { consortium, dataUse, ledger } = deployment;
      await checkDeployed(chain.rpc, { consortium, dataUse, ledger });
      printNote(`${out} is there, and its contracts are on the chain: nothing was deployed`);
      return deployment;
    });
  }
  const deployment = await deploy(options);
  if (out !== undefined) await writeDeployment(resolve(out), deployment);
  return deployment;
}

/** Deploys with the account in a keystore. @throws SyndicError as `deployContracts` */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const account = await openAccount(options);
  const chain = await connectChain(options.rpc);
  try {
    const admin = options.admin ?? address(account.address);
    announce(
      options,
      `Account ${address(account.address)} deploys the contracts on chain ${chain.chainId}; their admin is ${admin}.`,
    );
    const contracts = await deployContracts(chain.provider, account, {
      admin,
      delay: (options.delayDays ?? 3) * 86_400,
    });
    return { chainId: chain.chainId, genesis: (await blockAt(chain.rpc, 0)).hash, ...contracts };
  } finally {
    chain.close();
  }
}

type AdmitOptions = ChainOptions &
  AccountOptions & {
    readonly url: string;
    readonly pin?: Digest;
    readonly certificate?: string;
    readonly coordinator: Address;
    readonly out: string;
  };

function admitCommand(): Command {
  return withAccount(withChain(new Command('admit')), "the consortium's admin")
    .description("admit a hospital's account and write its invitation; repeating it writes the same invitation")
    .argument('<account>', "the hospital's account", addressArgument)
    .requiredOption('--url <url>', "the coordinator's address for workers: grpcs://host:port")
    .requiredOption('--coordinator <account>', "the coordinator's account", addressArgument)
    .option('--certificate <file>', "the coordinator's TLS certificate, PEM")
    .addOption(
      new Option('--pin <digest>', "instead of it: SHA-256 of the certificate's SubjectPublicKeyInfo").argParser(
        digestArgument,
      ),
    )
    .requiredOption('--out <file>', 'where the invitation goes')
    .action(async (account: Address, options: AdmitOptions) => {
      const admitted = await admit(account, options);
      if (options.json) return printJson(admitted);
      printFields([
        ['slot', admitted.slot],
        ['invitation', admitted.invitation],
        ['SHA-256', admitted.sha256],
      ]);
      printNote('Send the file to the hospital and compare the SHA-256 by telephone.');
    });
}

/** Admits a member and writes its invitation. */
export async function admit(account: Address, options: AdmitOptions) {
  const { url, coordinator } = options;
  const pin = await pinFrom(options);
  const admin = await openAccount(options);
  return await onChain(options.rpc, options.deployment, async ({ provider }, deployment) => {
    announce(options, `Admin ${address(admin.address)} admits ${account} as a member.`);
    const slot = await admitMember(provider, admin, deployment.consortium, account);
    const invitation = resolve(options.out);
    const sha256 = await writeInvitation(invitation, { deployment, url, pin, coordinator, slot });
    return { account, slot, invitation, sha256 };
  });
}

async function pinFrom({ pin, certificate }: AdmitOptions): Promise<Digest> {
  if (certificate !== undefined && pin === undefined) return await pinOf(certificate);
  if (pin !== undefined && certificate === undefined) return pin;
  throw new SyndicError(
    'USAGE',
    'give one of --certificate FILE and --pin DIGEST, so that workers know the coordinator',
  );
}

function addOperatorCommand(role: 'operator' | 'auditor'): Command {
  return withAccount(withChain(new Command('add')), "the consortium's admin")
    .description(`make an account ${role === 'auditor' ? 'an auditor' : 'an operator'}`)
    .argument('<account>', 'the account', addressArgument)
    .action(async (account: Address, options: ChainOptions & AccountOptions) => {
      const admin = await openAccount(options);
      const added = await onChain(options.rpc, options.deployment, async ({ provider }, { consortium }) => {
        announce(
          options,
          `Admin ${address(admin.address)} makes ${account} ${role === 'auditor' ? 'an auditor' : 'an operator'}.`,
        );
        return await addRole(provider, admin, consortium, role, account);
      });
      say(options, { account, role, added });
    });
}

function addCoordinatorCommand(): Command {
  return withAccount(withChain(new Command('add')), "the consortium's admin")
    .description('list an account as one that may coordinate studies; its key is listed by itself (coordinator key)')
    .argument('<account>', 'the account', addressArgument)
    .action(async (account: Address, options: ChainOptions & AccountOptions) => {
      const admin = await openAccount(options);
      const added = await onChain(options.rpc, options.deployment, async ({ provider }, { consortium }) => {
        announce(options, `Admin ${address(admin.address)} lists ${account} as one that may coordinate studies.`);
        return await addCoordinator(provider, admin, consortium, account);
      });
      say(options, { account, role: 'coordinator', added });
    });
}

function say(options: ChainOptions, done: { account: Address; role: string; added: boolean }): void {
  if (options.json) printJson(done);
  else printLine(`${done.account} ${done.added ? 'is now' : 'was already'} ${done.role}`);
}
