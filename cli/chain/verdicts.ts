import { type JsonRpcProvider, keccak256, type Signer } from 'ethers';
import { ledgerAbi, topicOf, verdictsAbi } from '../../coordinator/chain/abi.ts';
import { allLogs } from '../../coordinator/chain/allLogs.ts';
import { blockAt, call, type Receipt } from '../../coordinator/chain/node.ts';
import { type ContractError, contractErrorOf } from '../../coordinator/chain/revert.ts';
import type { ErrorCode } from '../../core/errors/codes.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { ReceiptDocument } from '../../core/statements/documents.ts';
import { encodeEntries, STATUS } from '../../core/statements/ledger.ts';
import type { ReceiptMessage } from '../../core/statements/types.ts';
import { type Omission, VERDICT_STATES } from '../../core/statements/verdict.ts';
import { type Address, address, type Digest, type Slot, type StudyId, ZERO_DIGEST } from '../../core/values.ts';
import { isoTime } from '../output.ts';
import { type ChainLine, lineOf } from './connectChain.ts';
import type { MessageName, MessageValues } from './messages.ts';
import { read } from './read.ts';
import { numberTopic, type RoundOnChain } from './record.ts';
import { send } from './send.ts';

/** What members say of records, and what receipts prove against them. */

/** A call of Verdicts, not yet made. */
export interface Say {
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface OfRound {
  readonly study: StudyId;
  readonly round: number;
  readonly slot: Slot;
}

/** One that the member may also sign for others to send. */
export interface SayAsMember extends Say {
  readonly message: MessageName;
  readonly values: MessageValues;
}

export function attest({ study, round, slot }: OfRound, recordHash: Digest): SayAsMember {
  return asMember('attest', 'Attest', { study, round, slot, recordHash });
}

export function dispute({ study, round, slot }: OfRound, recordHash: Digest, reason: number): SayAsMember {
  return asMember('dispute', 'Dispute', { study, round, slot, recordHash, reason });
}

export function withdrawDispute({ study, round, slot }: OfRound): SayAsMember {
  return asMember('withdrawDispute', 'WithdrawDispute', { study, round, slot });
}

/** Of whoever's dispute `OfRound` names. */
export function voteToDismiss({ study, round, slot }: OfRound, voter: Slot): SayAsMember {
  return asMember('voteToDismiss', 'VoteToDismiss', { study, round, slot, voter });
}

/** The method takes the message's fields, in their order. */
function asMember(method: string, message: MessageName, values: MessageValues): SayAsMember {
  return { method, args: Object.values(values), message, values };
}

export const challengeOmission = ({ message, signature }: ReceiptDocument, record: RoundOnChain): Say => ({
  method: 'challengeOmission',
  args: [message, signature, record, encodeEntries(record.entries)],
});

/** @param record null while the round has none */
export const late = ({ message, signature }: ReceiptDocument, record: RoundOnChain | null): Say => ({
  method: 'late',
  args: [
    message,
    signature,
    record ?? NO_RECORD,
    record === null ? ZERO_DIGEST : keccak256(encodeEntries(record.entries)),
  ],
});

const NO_RECORD = { outcome: 0, baseModel: ZERO_DIGEST, globalModel: ZERO_DIGEST, manifest: ZERO_DIGEST, timestamp: 0 };

/** How a record breaks a receipt, by the rules of Verdicts. */
export function omissionIn(receipt: ReceiptMessage, { entries }: RoundOnChain): Omission {
  const entry = entries.find(({ slot }) => slot === receipt.slot);
  if (entry === undefined) return 'none';
  if (entry.status === STATUS.ABSENT) return 'absent';
  if (entry.status === STATUS.NOT_SELECTED) return 'not selected';
  if (entry.update !== receipt.update) return 'another update';
  return entry.samples === receipt.samples ? 'none' : 'other samples';
}

/** Where the ledger says that members answer it. */
export async function verdictsOf(provider: JsonRpcProvider, ledger: Address): Promise<Address> {
  return address((await read(provider, { abi: ledgerAbi, address: ledger }, 'verdicts', []))[0]);
}

/** A dispute that is open; null when there is none. */
export async function openDispute(
  { rpc, provider }: ChainLine,
  verdicts: Address,
  { study, round, slot }: OfRound,
): Promise<{ readonly reason: number; readonly votes: number } | null> {
  const contract = { abi: verdictsAbi, address: verdicts };
  const [verdict] = await read(provider, contract, 'verdict', [study, round, slot]);
  if (VERDICT_STATES[Number(verdict)] !== 'disputed') return null;
  const { number: to } = await blockAt(rpc, 'latest');
  const events = async (event: string) => {
    const topics = [topicOf(verdictsAbi, event), study, numberTopic(round), numberTopic(slot)];
    return await allLogs(rpc, { from: 0, to, addresses: [verdicts], topics });
  };
  const [opened] = await events('Disputed');
  if (opened === undefined) return null;
  const { reason } = verdictsAbi.decodeEventLog('Disputed', opened.data, opened.topics);
  return { reason: Number(reason), votes: (await events('DisputeVoted')).length };
}

/**
 * Tries a call as `from` would make it, so that nobody is asked to confirm what the contract refuses.
 *
 * @throws SyndicError FORBIDDEN, STATE_CONFLICT, SIGNATURE_INVALID, in words
 */
export async function trySaying(provider: JsonRpcProvider, from: Address, verdicts: Address, say: Say): Promise<void> {
  const data = verdictsAbi.encodeFunctionData(say.method, say.args);
  await inWords(async () => await call(await lineOf(provider), { from, to: verdicts, data }, 'latest'));
}

/** Makes the call; the account pays. @throws SyndicError as `trySaying` and `send` */
export async function sayIt(
  provider: JsonRpcProvider,
  account: Signer,
  verdicts: Address,
  { method, args }: Say,
): Promise<Receipt> {
  const data = verdictsAbi.encodeFunctionData(method, args);
  return await inWords(async () => await send(provider, account, { to: verdicts, data }));
}

async function inWords<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    const error = contractErrorOf(thrown);
    const words = error === null ? undefined : WORDS[error.name];
    if (error === null || words === undefined) throw thrown;
    const [code, message] = words(error.args);
    throw new SyndicError(code, message, { error });
  }
}

const WORDS: Readonly<Record<string, (args: ContractError['args']) => readonly [ErrorCode, string]>> = {
  NeverJoined: ([study, slot]) => [
    'FORBIDDEN',
    `slot ${slot} never joined study ${study}: only members that granted it a dataset have a say`,
  ],
  NotTheMember: ([slot]) => ['FORBIDDEN', `this account does not speak for slot ${slot}`],
  NotRecorded: ([study, round]) => ['STATE_CONFLICT', `round ${round} of study ${study} has no record on chain yet`],
  WrongRecord: ([stored]) => [
    'STATE_CONFLICT',
    `the record is ${stored} by now: the chain was reorganised; look at it again`,
  ],
  VerdictGiven: ([, round, slot, verdict]) => [
    'STATE_CONFLICT',
    `slot ${slot} has given its verdict on round ${round} already (${VERDICT_STATES[Number(verdict)]}): it is given once`,
  ],
  NoOpenDispute: ([, round, slot]) => ['STATE_CONFLICT', `slot ${slot} has no open dispute of round ${round}`],
  VotedAlready: ([voter]) => ['STATE_CONFLICT', `slot ${voter} has voted already`],
  NotItsReceipt: ([signer]) => [
    'SIGNATURE_INVALID',
    `the receipt is signed by ${signer}, which is no key of the study's coordinator, or one that was revoked as compromised: it proves nothing`,
  ],
  ReceiptOfAnotherBase: ([recorded, promised]) => [
    'STATE_CONFLICT',
    `the receipt is for base model ${promised} and the record for ${recorded}: it proves nothing about this record`,
  ],
  NotOnRoster: ([slot]) => ['STATE_CONFLICT', `slot ${slot} was not on the round's roster: the receipt proves nothing`],
  ReceiptKept: () => [
    'STATE_CONFLICT',
    'the receipt is kept: the record names the update with its samples, so there is nothing to prove',
  ],
  OmissionKnown: ([, round, slot]) => [
    'STATE_CONFLICT',
    `that round ${round} breaks the receipt of slot ${slot} is on chain already`,
  ],
  NotLate: ([recordBy]) => [
    'STATE_CONFLICT',
    `nothing is late that is not on chain already: the record was to stand by ${isoTime(Number(recordBy))}`,
  ],
};
