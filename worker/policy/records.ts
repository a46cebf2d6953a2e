import { Interface, type JsonRpcProvider, toQuantity } from 'ethers';
import { RoundLedger } from '../../contracts/generated/RoundLedger.ts';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import {
  type Entry,
  encodeEntries,
  isEntryStatus,
  type Outcome,
  type RoundRecord,
  recordHash,
} from '../../core/statements/ledger.ts';
import { type Address, type Digest, digest, type StudyId } from '../../core/values.ts';

/** A round's record as the ledger's events tell it. */
export interface SiteRecord extends Omit<RoundRecord, 'entries' | 'timestamp'> {
  readonly recordHash: Digest;
  readonly entries: readonly Entry[];
}

interface Log {
  readonly topics: string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly blockHash: string;
}

type Send = (method: string, params: unknown[]) => Promise<unknown>;

const abi = new Interface(RoundLedger.abi);
const topicOf = (event: string) => abi.getEvent(event)?.topicHash ?? '';

/**
 * Reads records off the ledger's events, and holds each against the hash that the ledger stores: a node that leaves
 * an event out, or is in the midst of a reorganisation, is not believed.
 */
export function recordReader(provider: JsonRpcProvider, ledger: Address) {
  const send: Send = (method, params) => provider.send(method, params);
  /** Blocks of the newest records found: the next are not below. */
  const found = new Map<StudyId, number>();

  /** @param stored what the ledger stores of the round. @throws SyndicError CHAIN_UNAVAILABLE; what ethers throws */
  return async (study: StudyId, round: number, stored: Digest): Promise<SiteRecord> => {
    const latest = Number(await send('eth_blockNumber', []));
    const topics = [[topicOf('RoundRecorded'), topicOf('UpdateRecorded')], study, word(round)];
    const logs = await logsOf(send, { address: ledger, topics }, found.get(study) ?? 0, latest);
    const [record, block] = await recordOf(send, study, round, logs);
    if (record?.recordHash === stored) {
      found.set(study, block);
      return record;
    }
    found.delete(study);
    throw new SyndicError(
      'CHAIN_UNAVAILABLE',
      `the node's events of round ${round} of ${study} do not make up the record ${stored} that the ledger stores`,
      { study, round, stored },
    );
  };
}

async function recordOf(
  send: Send,
  study: StudyId,
  round: number,
  logs: readonly Log[],
): Promise<[SiteRecord | null, number]> {
  const recorded = logs.find(({ topics }) => topics[0] === topicOf('RoundRecorded'));
  if (recorded === undefined) return [null, 0];
  const { blockNumber, blockHash } = recorded;
  const block = (await send('eth_getBlockByNumber', [blockNumber, false])) as {
    hash: string;
    timestamp: string;
  } | null;
  if (block?.hash !== blockHash) return [null, 0];
  const event = abi.decodeEventLog('RoundRecorded', recorded.data, recorded.topics);
  const entries = logs.filter(({ topics }) => topics[0] === topicOf('UpdateRecorded')).map(entryOf);
  const record = {
    ...{ study, round, entries },
    outcome: outcomeOf(Number(event.outcome)),
    baseModel: digest(event.baseModel),
    globalModel: digest(event.globalModel),
    manifest: digest(event.manifest),
  };
  const timestamp = Number(block.timestamp);
  return [
    { ...record, recordHash: recordHash({ ...record, timestamp, entries: encodeEntries(entries) }) },
    Number(blockNumber),
  ];
}

function entryOf({ topics, data }: Log): Entry {
  const event = abi.decodeEventLog('UpdateRecorded', data, topics);
  const status = Number(event.status);
  if (!isEntryStatus(status)) throw new SyndicError('CHAIN_UNAVAILABLE', `the node tells of entry status ${status}`);
  return {
    slot: Number(event.slot),
    status,
    reason: Number(event.reason),
    update: digest(event.update),
    samples: Number(event.samples),
  };
}

function outcomeOf(value: number): Outcome {
  if (value === 1 || value === 2 || value === 3) return value;
  throw new SyndicError('CHAIN_UNAVAILABLE', `the node tells of outcome ${value}`);
}

/** A node that refuses so many blocks at once is asked for halves. */
async function logsOf(send: Send, filter: object, from: number, to: number): Promise<Log[]> {
  try {
    const range = { ...filter, fromBlock: toQuantity(from), toBlock: toQuantity(to) };
    return (await send('eth_getLogs', [range])) as Log[];
  } catch (thrown) {
    if (!wasAnswered(thrown) || from >= to) throw thrown;
    const middle = Math.floor((from + to) / 2);
    const lower = await logsOf(send, filter, from, middle);
    return [...lower, ...(await logsOf(send, filter, middle + 1, to))];
  }
}

/** Whether the node said no, rather than nothing. */
function wasAnswered(thrown: unknown): boolean {
  const { code } = thrown as { code?: unknown };
  return code === 'UNKNOWN_ERROR' || code === 'SERVER_ERROR';
}

function word(value: number): string {
  return `0x${value.toString(16).padStart(64, '0')}`;
}
