import { resolve } from 'node:path';
import { Command } from 'commander';
import type { ChainStudy } from '../coordinator/chain/port.ts';
import { datasetId } from '../core/datasetId.ts';
import { SyndicError } from '../core/errors/SyndicError.ts';
import type { CheckedPlan } from '../core/plan/Plan.ts';
import { sha256 } from '../core/sha256.ts';
import { type Address, type Digest, type Instant, instant, type StudyId } from '../core/values.ts';
import { workerPaths } from '../worker/config.ts';
import { readVersion } from '../worker/versions.ts';
import { accountOf } from './chain/account.ts';
import { accountCommand } from './chain/accountCommand.ts';
import { readChainFile } from './chain/chainFile.ts';
import { confirm } from './chain/confirm.ts';
import { addVersion, revoke } from './chain/consent.ts';
import { setKey } from './chain/consortium.ts';
import { checkPlanOfStudy, joinStudy, ownSlot, studyOnChain } from './chain/joinStudy.ts';
import { addressIn } from './chain/keystore.ts';
import { revokeKey, setProfile } from './chain/members.ts';
import { addressArgument, digestArgument, numberArgument, onChain } from './chain/options.ts';
import { sendOrWrite, speak } from './chain/relay.ts';
import { readInput } from './files.ts';
import { loadPlanFile } from './loadPlanFile.ts';
import { challengeCommand, lateCommand } from './memberReceipt.ts';
import { type MemberOptions, printDone, relayedVerb } from './memberVerb.ts';
import { attestCommand, dismissCommand, disputeCommand, withdrawCommand } from './memberVerdicts.ts';
import { isoTime, printNote } from './output.ts';
import { planSummary } from './planSummary.ts';
import { rotateMemberCommand } from './rotate.ts';

/** `syndic member …`: what a hospital says on chain, each signed by its account. */
export function memberCommand(): Command {
  return new Command('member')
    .description("a hospital's account: worker key, dataset versions, grants, verdicts on records")
    .addCommand(accountCommand("the hospital's account"))
    .addCommand(keyCommand())
    .addCommand(rotateMemberCommand())
    .addCommand(revokeKeyCommand())
    .addCommand(profileCommand())
    .addCommand(versionCommand())
    .addCommand(grantCommand())
    .addCommand(revokeCommand())
    .addCommand(attestCommand())
    .addCommand(disputeCommand())
    .addCommand(withdrawCommand())
    .addCommand(dismissCommand())
    .addCommand(challengeCommand())
    .addCommand(lateCommand());
}

function keyCommand(): Command {
  return relayedVerb('key')
    .description("list the worker's key as this member's; the one before ends now")
    .argument('[key]', 'the address that `worker init` printed', addressArgument)
    .option('--dir <folder>', "instead of it: the worker's folder")
    .action(async (given: Address | undefined, options: MemberOptions & { readonly dir?: string }) => {
      const key = await workerKey(given, options.dir);
      const account = await accountOf(options);
      const done = await onChain(options.rpc, options.invitation, async (chain, deployment) => {
        return await speak(chain, deployment, account, 'SetKey', { account, key }, options, async (signer) => ({
          listed: await setKey(chain.provider, signer, deployment.consortium, key),
        }));
      });
      printDone(options, { account, key, ...done });
    });
}

function revokeKeyCommand(): Command {
  return relayedVerb('revoke-key')
    .description('end a worker key of this member now; one that ended before can still be marked as compromised')
    .argument('<key>', 'its address', addressArgument)
    .option(
      '--compromised',
      'somebody else has it: nothing that it signed in the open round counts; on record for good',
    )
    .action(async (key: Address, options: MemberOptions & { readonly compromised?: boolean }) => {
      const compromised = options.compromised === true;
      const account = await accountOf(options);
      const values = { account, key, compromised };
      const done = await onChain(options.rpc, options.invitation, async (chain, deployment) => {
        return await speak(chain, deployment, account, 'RevokeKey', values, options, async (signer) => {
          await revokeKey(chain.provider, signer, deployment.consortium, key, compromised);
          return {};
        });
      });
      printDone(options, { ...values, ...done });
    });
}

function profileCommand(): Command {
  return relayedVerb('profile')
    .description(
      "put the SHA-256 of a document about this member (its name, whom to ring) on chain, in the last one's place",
    )
    .argument('<file>', 'the document; it stays here: send it to the other members yourself')
    .action(async (file: string, options: MemberOptions) => {
      const profile = sha256(await readInput(file));
      const account = await accountOf(options);
      const done = await onChain(options.rpc, options.invitation, async (chain, deployment) => {
        return await speak(chain, deployment, account, 'SetProfile', { account, profile }, options, async (signer) => {
          await setProfile(chain.provider, signer, deployment.consortium, profile);
          return {};
        });
      });
      printDone(options, { account, profile, ...done });
    });
}

async function workerKey(given: Address | undefined, dir: string | undefined): Promise<Address> {
  if (given !== undefined && dir === undefined) return given;
  if (dir !== undefined && given === undefined) return await addressIn(workerPaths(resolve(dir)).keystore);
  throw new SyndicError('USAGE', "give the worker key's address, or the worker's folder with --dir");
}

function versionCommand(): Command {
  return relayedVerb('version')
    .description('anchor a version of a dataset: its keyed root and an upper bound of its rows, nothing of the rows')
    .requiredOption('--file <file>', 'what `worker version` made')
    .action(async (options: MemberOptions & { readonly file: string }) => {
      const { dataset, root, rows } = await readVersion(options.file);
      const account = await accountOf(options);
      const { slot: invited } = await readChainFile(options.invitation);
      const done = await onChain(options.rpc, options.invitation, async (chain, deployment) => {
        const slot = await ownSlot(chain.provider, deployment, account, invited);
        const version = { slot, dataset, root, rows };
        const said = await speak(chain, deployment, account, 'AddVersion', version, options, async (signer) => {
          const receipt = await addVersion(chain.provider, signer, deployment.dataUse, version);
          return { transaction: receipt?.transactionHash ?? null };
        });
        return { ...version, ...said };
      });
      printDone(options, done);
    });
}

type GrantOptions = MemberOptions & {
  readonly plan: string;
  readonly dataset: string;
  readonly until?: Instant;
  readonly days?: number;
  readonly yes?: boolean;
};

function grantCommand(): Command {
  return relayedVerb('grant')
    .description('join a study: allow one dataset to be used in it, under its plan, until a date')
    .argument('<study>', "the study's id", digestArgument)
    .requiredOption('--plan <file>', 'the plan as you read it; it must be the one that the study was opened with')
    .requiredOption('--dataset <name>', 'name of the dataset, or its id as 0x-hex')
    .option('--until <date>', 'ISO 8601 date or time, exclusive, UTC unless it says otherwise', untilArgument)
    .option('--days <n>', 'instead of it: so many days from now', numberArgument)
    .option('--yes', 'sign without asking')
    .action(async (study: StudyId, options: GrantOptions) => {
      const plan = await loadPlanFile(options.plan);
      const until = endOf(options);
      const dataset = datasetId(options.dataset);
      const { slot: invited } = await readChainFile(options.invitation);
      const done = await onChain(options.rpc, options.invitation, async (chain, deployment) => {
        const { provider } = chain;
        const opened = await studyOnChain(provider, deployment.ledger, study);
        checkPlanOfStudy(opened, plan.hash);
        const account = await accountOf(options);
        const slot = await ownSlot(provider, deployment, account, invited);
        if (!options.json) explain(opened, plan, options.dataset, dataset, until);
        await confirm('Allow this?', options.yes === true, options.json === true);
        const consent = { study, slot, plan: plan.hash, dataset, until };
        const given = await sendOrWrite(chain, deployment, account, 'Grant', consent, options, async (signer) => {
          return await joinStudy(provider, signer, deployment.dataUse, consent);
        });
        return { ...consent, ...given };
      });
      printDone(options, done);
    });
}

/** What will be signed, in plain words, on stderr: stdout is for data. */
function explain(study: ChainStudy, { plan, hash }: CheckedPlan, name: string, dataset: Digest, until: Instant): void {
  const lines = [
    `You are about to allow the use of your dataset ${name === dataset ? dataset : `"${name}" (${dataset})`}`,
    `in study ${study.id}`,
    `opened by operator ${study.operator}, coordinated by ${study.coordinator},`,
    `under the plan "${plan.name}" (${hash}), which is the study's plan on chain,`,
    `until ${isoTime(until)}, unless you revoke it before.`,
    '',
    ...planSummary(plan),
    '',
  ];
  for (const line of lines) printNote(line);
}

function endOf({ until, days }: GrantOptions): Instant {
  if (until !== undefined && days === undefined) return until;
  if (days !== undefined && until === undefined) return instant(Math.floor(Date.now() / 1000) + days * 86_400);
  throw new SyndicError('USAGE', 'give one of --until DATE and --days N: a grant always ends');
}

function untilArgument(text: string): Instant {
  const zoned = /^\d{4}-\d{2}-\d{2}(T.*(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? text : `${text}Z`;
  const seconds = Math.floor(Date.parse(zoned) / 1000);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && Number.isFinite(seconds)) return instant(seconds);
  throw new SyndicError('USAGE', `${text} is no ISO 8601 date: give one like 2027-06-30 or 2027-06-30T12:00:00Z`);
}

function revokeCommand(): Command {
  return relayedVerb('revoke')
    .description('end the grant of a study at once: nothing more is trained, and no update of yours is included')
    .argument('<study>', "the study's id", digestArgument)
    .action(async (study: StudyId, options: MemberOptions) => {
      const account = await accountOf(options);
      const { slot: invited } = await readChainFile(options.invitation);
      const done = await onChain(options.rpc, options.invitation, async (chain, deployment) => {
        const slot = await ownSlot(chain.provider, deployment, account, invited);
        const said = await speak(chain, deployment, account, 'Revoke', { study, slot }, options, async (signer) => {
          const receipt = await revoke(chain.provider, signer, deployment.dataUse, { study, slot });
          return { transaction: receipt.transactionHash };
        });
        return { study, slot, ...said };
      });
      printDone(options, done);
    });
}
