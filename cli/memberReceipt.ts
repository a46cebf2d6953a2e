import type { Command } from 'commander';
import { decodeReceipt, type ReceiptDocument } from '../core/statements/documents.ts';
import { recover } from '../core/statements/sign.ts';
import { domain } from '../core/statements/types.ts';
import { type Address, type Slot, slot as toSlot } from '../core/values.ts';
import { accountOf, openAccount } from './chain/account.ts';
import { confirm } from './chain/confirm.ts';
import { studyOnChain } from './chain/joinStudy.ts';
import { onChain } from './chain/options.ts';
import { type RoundOnChain, readRecord } from './chain/record.ts';
import { challengeOmission, late, omissionIn, type Say, sayIt, trySaying, verdictsOf } from './chain/verdicts.ts';
import { readInput } from './files.ts';
import { type MemberOptions, memberVerb, printDone } from './memberVerb.ts';
import { notRecorded } from './memberVerdicts.ts';
import { isoTime, printNote } from './output.ts';
import { tellEntry } from './tellRecord.ts';

type ReceiptOptions = MemberOptions & { readonly yes?: boolean };

function receiptVerb(verb: string): Command {
  return memberVerb(verb)
    .argument('<receipt>', 'file of the receipt, as the worker kept it (journal/files); anyone who has it may', String)
    .option('--yes', 'sign without asking');
}

export function challengeCommand(): Command {
  return receiptVerb('challenge')
    .description("prove on chain that a record breaks the coordinator's receipt: a mark on the coordinator, for good")
    .action(async (file: string, options: ReceiptOptions) => {
      await useReceipt(file, options, (receipt, record, coordinator) => {
        const { study, round } = receipt.message;
        if (record === null) throw notRecorded(study, round);
        const omission = omissionIn(receipt.message, record);
        return {
          words: [`that coordinator ${coordinator} broke it (${omission}): a mark that stays for good.`],
          question: 'Challenge it?',
          say: challengeOmission(receipt, record),
          done: { omission, coordinator },
        };
      });
    });
}

export function lateCommand(): Command {
  return receiptVerb('late')
    .description('put on record by how much a round missed what a receipt promised: a fact, no mark against anyone')
    .action(async (file: string, options: ReceiptOptions) => {
      await useReceipt(file, options, (receipt, record) => ({
        words: [`that nothing stood at ${isoTime(receipt.message.recordBy)}.`],
        question: 'Put it on record?',
        say: late(receipt, record),
        done: { recordBy: receipt.message.recordBy, recorded: record?.timestamp ?? null },
      }));
    });
}

interface Proof {
  readonly words: readonly string[];
  readonly question: string;
  readonly say: Say;
  readonly done: Readonly<Record<string, string | number | null>>;
}

/** Reads receipt and record, tells both apart in words, asks, goes on chain with it. */
async function useReceipt(
  file: string,
  options: ReceiptOptions,
  proofOf: (receipt: ReceiptDocument, record: RoundOnChain | null, coordinator: Address) => Proof,
): Promise<void> {
  const receipt = decodeReceipt(await readInput(file));
  const { study, round } = receipt.message;
  const slot = toSlot(receipt.message.slot);
  const done = await onChain(options.rpc, options.invitation, async (chain, { ledger }) => {
    const { coordinator } = await studyOnChain(chain.provider, ledger, study);
    const record = await readRecord(chain, ledger, study, round);
    const { words, question, say, done } = proofOf(receipt, record, coordinator);
    const verdicts = await verdictsOf(chain.provider, ledger);
    await trySaying(chain.provider, await accountOf(options), verdicts, say);
    if (!options.json) {
      const signer = recover(domain(chain.chainId, ledger), 'Receipt', receipt.message, receipt.signature);
      for (const line of [...tell(receipt, record, slot, signer), ...words, '']) printNote(line);
    }
    await confirm(question, options.yes === true, options.json === true);
    const { transactionHash } = await sayIt(chain.provider, await openAccount(options), verdicts, say);
    return { study, round, slot, ...done, transaction: transactionHash };
  });
  printDone(options, done);
}

function tell({ message }: ReceiptDocument, record: RoundOnChain | null, slot: Slot, signer: Address): string[] {
  return [
    `The receipt, signed by ${signer}, promises slot ${slot} a record of round ${message.round} of study ${message.study}`,
    `by ${isoTime(message.recordBy)}, with ${message.samples} samples, update ${message.update}.`,
    record === null
      ? 'There is no record of that round yet.'
      : `The record of ${isoTime(record.timestamp)} says of slot ${slot}: ${tellEntry(record, slot)}.`,
    '',
    'You are about to say on chain, with the receipt as the proof,',
  ];
}
