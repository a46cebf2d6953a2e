import { type Command, Option } from 'commander';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { DISPUTE_REASON, type DisputeReason } from '../core/statements/disputeReasons.ts';
import type { Address, Round, Slot, StudyId } from '../core/values.ts';
import { accountOf } from './chain/account.ts';
import { readChainFile } from './chain/chainFile.ts';
import { confirm } from './chain/confirm.ts';
import type { ChainLine } from './chain/connectChain.ts';
import { ownSlot } from './chain/joinStudy.ts';
import { digestArgument, onChain, roundArgument, slotArgument } from './chain/options.ts';
import { type RoundOnChain, readRecord } from './chain/record.ts';
import { sendOrWrite } from './chain/relay.ts';
import {
  attest,
  dispute,
  openDispute,
  type SayAsMember,
  sayIt,
  trySaying,
  verdictsOf,
  voteToDismiss,
  withdrawDispute,
} from './chain/verdicts.ts';
import { type MemberOptions, printDone, relayedVerb } from './memberVerb.ts';
import { nameOf } from './nameOf.ts';
import { printNote } from './output.ts';
import { tellRecord } from './tellRecord.ts';

type VerdictOptions = MemberOptions & { readonly yes?: boolean };

/** What a member is about to say, in words and as a call, and what is printed of it afterwards. */
interface Verdict {
  readonly words: readonly string[];
  readonly question: string;
  readonly say: SayAsMember;
  readonly done: Readonly<Record<string, string | number>>;
}

function verdictVerb(verb: string): Command {
  return relayedVerb(verb)
    .argument('<study>', "the study's id", digestArgument)
    .argument('<round>', "the round's number", roundArgument)
    .option('--yes', 'sign without asking');
}

export function attestCommand(): Command {
  return verdictVerb('attest')
    .description("say on chain that this member has checked a round's record and finds it right; once, for good")
    .action(async (study: StudyId, round: Round, options: VerdictOptions) => {
      await answer(study, round, options, async ({ record, slot }) => ({
        words: [`that you have checked the record of round ${round} and find it right:`, ...tellRecord(record, slot)],
        question: 'Attest it?',
        say: attest({ study, round, slot }, record.recordHash),
        done: { recordHash: record.recordHash, verdict: 'attested' },
      }));
    });
}

export function disputeCommand(): Command {
  return verdictVerb('dispute')
    .description("say on chain that a round's record is wrong: the study is not final while that stands")
    .addOption(
      new Option('--reason <name>', 'what is wrong (docs/contracts.md)')
        .choices(Object.keys(DISPUTE_REASON))
        .makeOptionMandatory(),
    )
    .action(async (study: StudyId, round: Round, options: VerdictOptions & { readonly reason: DisputeReason }) => {
      const { reason } = options;
      await answer(study, round, options, async ({ record, slot }) => ({
        words: [`that the record of round ${round} is wrong (${reason}):`, ...tellRecord(record, slot)],
        question: 'Dispute it?',
        say: dispute({ study, round, slot }, record.recordHash, DISPUTE_REASON[reason]),
        done: { recordHash: record.recordHash, verdict: 'disputed', reason },
      }));
    });
}

export function withdrawCommand(): Command {
  return verdictVerb('withdraw-dispute')
    .description("close this member's own dispute; it stays on record, and the member may attest after it")
    .action(async (study: StudyId, round: Round, options: VerdictOptions) => {
      await answer(study, round, options, async ({ record, slot }) => ({
        words: [`that you no longer dispute the record of round ${round}:`, ...tellRecord(record, slot)],
        question: 'Withdraw the dispute?',
        say: withdrawDispute({ study, round, slot }),
        done: { verdict: 'withdrawn' },
      }));
    });
}

export function dismissCommand(): Command {
  return verdictVerb('dismiss-dispute')
    .argument('<slot>', 'whose dispute it is', slotArgument)
    .description("vote for closing another member's dispute: more than half of all who ever joined the study close it")
    .action(async (study: StudyId, round: Round, of: Slot, options: VerdictOptions) => {
      await answer(study, round, options, async ({ record, slot, chain, verdicts }) => {
        const found = await openDispute(chain, verdicts, { study, round, slot: of });
        const reason = found === null ? 'none open' : nameOf(DISPUTE_REASON, found.reason);
        return {
          words: [
            `that the dispute of slot ${of} about round ${round} (${reason}; ${found?.votes ?? 0} votes so far) is to be closed:`,
            ...tellRecord(record, of),
          ],
          question: 'Vote for closing it?',
          say: voteToDismiss({ study, round, slot: of }, slot),
          done: { disputeOf: of },
        };
      });
    });
}

interface Known {
  readonly chain: ChainLine;
  readonly verdicts: Address;
  readonly record: RoundOnChain;
  readonly slot: Slot;
}

/** Reads the record, says in words what would be said of it, asks, says it on chain. */
async function answer(
  study: StudyId,
  round: Round,
  options: VerdictOptions,
  verdictOn: (known: Known) => Promise<Verdict>,
): Promise<void> {
  const { slot: invited } = await readChainFile(options.invitation);
  const done = await onChain(options.rpc, options.invitation, async (chain, deployment) => {
    const from = await accountOf(options);
    const slot = await ownSlot(chain.provider, deployment, from, invited);
    const verdicts = await verdictsOf(chain.provider, deployment.ledger);
    const record = await readRecord(chain, deployment.ledger, study, round);
    if (record === null) throw notRecorded(study, round);
    const { words, question, say, done } = await verdictOn({ chain, verdicts, record, slot });
    await trySaying(chain.provider, from, verdicts, say);
    if (!options.json) {
      for (const line of [`You are about to say on chain, as slot ${slot}, of study ${study},`, ...words, '']) {
        printNote(line);
      }
    }
    await confirm(question, options.yes === true, options.json === true);
    const said = await sendOrWrite(chain, deployment, from, say.message, say.values, options, async (signer) => {
      const { transactionHash } = await sayIt(chain.provider, signer, verdicts, say);
      return { transaction: transactionHash };
    });
    return { study, round, slot, ...done, ...said };
  });
  printDone(options, done);
}

export function notRecorded(study: StudyId, round: number): SyndicError {
  return new SyndicError('STATE_CONFLICT', `round ${round} of study ${study} has no record on chain yet`, {
    study,
    round,
  });
}
