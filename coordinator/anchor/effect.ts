import type { Result, TransactionDescription } from 'ethers';
import { recordHash } from '../../core/statements/ledger.ts';
import { type Address, type Digest, digest, hexToBytes, type StudyId } from '../../core/values.ts';
import { ledgerAbi, topicOf, verdictsAbi } from '../chain/abi.ts';
import { allLogs } from '../chain/allLogs.ts';
import { decodeOutcome } from '../chain/decode.ts';
import { blockAt, type NodeLog } from '../chain/node.ts';
import type { Rpc } from '../chain/rpc.ts';

/** Where an effect stands on the chain. */
export interface Effect {
  readonly transaction: Digest;
  readonly block: number;
  readonly block_hash: Digest;
}

/**
 * The event by which the chain already has what `calldata` would do: a study opened with the same terms, a round
 * recorded with the same content, a member's verdict of the same record. Null when there is none, or the content differs.
 */
export async function findEffect(
  rpc: Rpc,
  contracts: { readonly ledger: Address; readonly verdicts: Address },
  { study, calldata }: { readonly study: StudyId; readonly calldata: string },
): Promise<Effect | null> {
  const trace = traceIn(calldata);
  if (trace === null) return null;
  const [abi, contract] = trace.ofVerdicts ? [verdictsAbi, contracts.verdicts] : [ledgerAbi, contracts.ledger];
  const topics = [topicOf(abi, trace.event), study, ...trace.topics];
  const { number: to } = await blockAt(rpc, 'latest');
  const logs = await allLogs(rpc, { from: 0, to, addresses: [contract], topics });
  for (const log of logs) {
    const event = abi.decodeEventLog(trace.event, log.data, log.topics);
    if (await trace.matches(event, async () => (await blockAt(rpc, log.blockNumber)).timestamp)) return effectOf(log);
  }
  return null;
}

interface Trace {
  readonly event: string;
  /** Else the ledger's. */
  readonly ofVerdicts?: true;
  /** Indexed fields behind the study. */
  readonly topics: readonly Digest[];
  /** @param time of the event's block, Unix seconds */
  matches(event: Result, time: () => Promise<number>): Promise<boolean>;
}

function traceIn(calldata: string): Trace | null {
  const call = ledgerAbi.parseTransaction({ data: calldata });
  if (call !== null) return traceOf(call);
  const verdict = verdictsAbi.parseTransaction({ data: calldata });
  return verdict === null ? null : verdictTraceOf(verdict);
}

function verdictTraceOf({ name, args }: TransactionDescription): Trace | null {
  const topics = [word(args[1]), word(args[2])];
  switch (name) {
    case 'attestFor':
      return { ofVerdicts: true, event: 'Attested', topics, matches: async (event) => event.recordHash === args[3] };
    case 'disputeFor':
      return {
        ...{ ofVerdicts: true, event: 'Disputed', topics },
        matches: async (event) => event.recordHash === args[3] && event.reason === args[4],
      };
    default:
      return null;
  }
}

/** Arguments go by position: their names are the contract's own affair. */
function traceOf({ name, args }: TransactionDescription): Trace | null {
  switch (name) {
    case 'openStudy':
      return { event: 'StudyOpened', topics: [], matches: async (event) => sameTerms(args.slice(1, 4), event) };
    case 'openStudyFor':
      return { event: 'StudyOpened', topics: [], matches: async (event) => sameTerms(args.slice(2, 5), event) };
    case 'startStudy':
      return { event: 'StudyStarted', topics: [], matches: async () => true };
    case 'recordRound':
      return {
        event: 'RoundRecorded',
        topics: [word(args[1])],
        matches: async (event, time) => recordHashOf(args, await time()) === digest(event.recordHash),
      };
    case 'note':
      return { event: 'Noted', topics: [digest(args[1])], matches: async (event) => event.digest === args[2] };
    case 'closeStudy':
      return { event: 'StudyClosed', topics: [], matches: async (event) => event.outcome === args[1] };
    default:
      return null;
  }
}

/** The study's id covers operator, plan and salt. */
function sameTerms([initialModel, coordinator, minIncluded]: unknown[], event: Result): boolean {
  return event.initialModel === initialModel && event.coordinator === coordinator && event.minIncluded === minIncluded;
}

/** It covers everything in the record, entries and the block's time included. */
function recordHashOf(args: Result, timestamp: number): Digest {
  const [study, number, outcome, baseModel, globalModel, manifest, entries] = args;
  return recordHash({
    study: digest(study),
    round: Number(number),
    outcome: decodeOutcome(Number(outcome)),
    baseModel: digest(baseModel),
    globalModel: digest(globalModel),
    manifest: digest(manifest),
    timestamp,
    entries: hexToBytes(entries),
  });
}

function word(value: bigint): Digest {
  return digest(`0x${value.toString(16).padStart(64, '0')}`);
}

function effectOf(log: NodeLog): Effect {
  return { transaction: log.transactionHash, block: log.blockNumber, block_hash: log.blockHash };
}
