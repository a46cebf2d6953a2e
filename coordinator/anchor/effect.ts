import type { Result, TransactionDescription } from 'ethers';
import { recordHash } from '../../core/statements/ledger.ts';
import { type Address, type Digest, digest, hexToBytes, type StudyId } from '../../core/values.ts';
import { decodeLedgerEvent, ledgerAbi, ledgerTopic } from '../chain/abi.ts';
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
 * recorded with the same content. Null when there is none, or the content differs.
 */
export async function findEffect(
  rpc: Rpc,
  ledger: Address,
  { study, calldata }: { readonly study: StudyId; readonly calldata: string },
): Promise<Effect | null> {
  const call = ledgerAbi.parseTransaction({ data: calldata });
  const trace = call === null ? null : traceOf(call);
  if (call === null || trace === null) return null;
  const topics = [ledgerTopic(trace.event), study, ...trace.topics];
  const { number: to } = await blockAt(rpc, 'latest');
  const logs = await allLogs(rpc, { from: 0, to, addresses: [ledger], topics });
  for (const log of logs) {
    const event = decodeLedgerEvent(trace.event, log);
    if (await trace.matches(event, async () => (await blockAt(rpc, log.blockNumber)).timestamp)) return effectOf(log);
  }
  return null;
}

interface Trace {
  readonly event: string;
  /** Indexed fields behind the study. */
  readonly topics: readonly Digest[];
  /** @param time of the event's block, Unix seconds */
  matches(event: Result, time: () => Promise<number>): Promise<boolean>;
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
