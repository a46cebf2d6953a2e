import type { ChainLog } from '../../audit/port.ts';
import { type HistoryRound, replay, type StudyHistory } from '../../audit/replay.ts';
import { ledgerAbi, ledgerTopic, verdictsAbi } from '../../coordinator/chain/abi.ts';
import { allLogs } from '../../coordinator/chain/allLogs.ts';
import { blockAt, getReceipt, type NodeLog } from '../../coordinator/chain/node.ts';
import { STATUS } from '../../core/statements/ledger.ts';
import { type Address, type Digest, digest, type Slot, type StudyId } from '../../core/values.ts';
import type { ChainLine } from './connectChain.ts';
import { read } from './read.ts';
import { numberTopic } from './record.ts';
import { NOTHING_SAID, type RoundVerdicts, roundVerdicts, verdictFaults } from './roundVerdicts.ts';
import { verdictsOf } from './verdicts.ts';

/** What one member gave to a study: rounds that included it, and the sum of its samples over them. */
export interface SlotTotals {
  readonly slot: Slot;
  readonly rounds: number;
  readonly samples: number;
}

/** A round's record, and what members said of it. */
export interface JudgedRound extends HistoryRound {
  readonly transaction: Digest;
  readonly block: number;
  /** Of the whole transaction. */
  readonly gas: number;
  readonly verdicts: RoundVerdicts;
}

/** A study as events tell it, and whether the contracts' storage says the same. */
export interface CheckedHistory extends StudyHistory {
  readonly rounds: readonly JudgedRound[];
  /** Closed, every round attested by its quorum, and no dispute open. */
  readonly final: boolean;
  readonly totals: readonly SlotTotals[];
  /** Every record hash, the head and the totals, recomputed from the events, equal what the ledger stores. */
  readonly verified: boolean;
}

export interface HistoryWanted {
  readonly study?: StudyId | undefined;
  /** Only studies that name this slot in a record. */
  readonly slot?: Slot | undefined;
}

export interface HistoryRead {
  readonly block: number;
  readonly studies: CheckedHistory[];
}

/**
 * Contributions from the chain alone: the ledger's raw events (`eth_getLogs`) up to one block, replayed, then compared
 * with the ledger's storage at that block. Oldest study first.
 *
 * @throws SyndicError CHAIN_UNAVAILABLE
 */
export async function readHistory(chain: ChainLine, ledger: Address, wanted: HistoryWanted): Promise<HistoryRead> {
  const history = await readOnce(chain, ledger, wanted);
  // A node that is adding a block may answer from the one before and from the new one; what is wrong stays wrong.
  return history.studies.every(({ verified }) => verified) ? history : await readOnce(chain, ledger, wanted);
}

async function readOnce(chain: ChainLine, ledger: Address, wanted: HistoryWanted): Promise<HistoryRead> {
  const { number: block } = await blockAt(chain.rpc, 'latest');
  const contracts = { ledger, verdicts: await verdictsOf(chain.provider, ledger) };
  const ids = await studyIds(chain, ledger, block, wanted);
  const studies: CheckedHistory[] = [];
  for (const study of ids) {
    const history = await studyHistory(chain, contracts, study, block);
    if (history !== null) studies.push(history);
  }
  return { block, studies };
}

async function studyIds(
  chain: ChainLine,
  ledger: Address,
  block: number,
  { study, slot }: HistoryWanted,
): Promise<StudyId[]> {
  if (study !== undefined && slot === undefined) return [study];
  const topics =
    slot === undefined
      ? [ledgerTopic('StudyOpened'), study ?? null]
      : [ledgerTopic('UpdateRecorded'), study ?? null, null, numberTopic(slot)];
  const logs = await allLogs(chain.rpc, { from: 0, to: block, addresses: [ledger], topics });
  return [...new Set(logs.map(({ topics: [, id] }) => digest(id ?? '')))];
}

async function studyHistory(
  chain: ChainLine,
  { ledger, verdicts }: { readonly ledger: Address; readonly verdicts: Address },
  study: StudyId,
  block: number,
): Promise<CheckedHistory | null> {
  const logs = await allLogs(chain.rpc, { from: 0, to: block, addresses: [ledger], topics: [null, study] });
  const history = replay(await timed(chain, logs), { chainId: chain.chainId, ledger, study });
  if (history === null) return null;
  const totals = totalsOf(history);
  const said = await roundVerdicts(chain, verdicts, study, block);
  const gas = await gasUsed(chain, history);
  const rounds = history.rounds.map((round) => {
    const { transaction, block } = round;
    if (transaction === null || block === null) throw new RangeError('a node’s event stands nowhere');
    const verdicts = said.get(round.round) ?? NOTHING_SAID;
    return { ...round, transaction, block, gas: gas.get(transaction) ?? 0, verdicts };
  });
  const faults = [...history.faults, ...(await storageFaults(chain, ledger, history, totals, block))];
  for (const round of rounds) faults.push(...(await verdictFaults(chain, verdicts, study, round, block)));
  const [final] = await read(chain.provider, { abi: verdictsAbi, address: verdicts }, 'isFinal', [study], block);
  return { ...history, rounds, faults, totals, final: Boolean(final), verified: faults.length === 0 };
}

/** Events with what only their blocks tell. */
async function timed({ rpc }: ChainLine, logs: readonly NodeLog[]): Promise<ChainLog[]> {
  const times = new Map<number, number>();
  for (const number of new Set(logs.map(({ blockNumber }) => blockNumber))) {
    times.set(number, (await blockAt(rpc, number)).timestamp);
  }
  return logs.map(({ topics, data, transactionHash: transaction, blockNumber: block }) => {
    return { topics, data, transaction, block, time: times.get(block) ?? 0 };
  });
}

async function gasUsed({ rpc }: ChainLine, { rounds }: StudyHistory): Promise<ReadonlyMap<Digest, number>> {
  const gas = new Map<Digest, number>();
  for (const transaction of new Set(rounds.map((round) => round.transaction))) {
    if (transaction === null) continue;
    gas.set(transaction, (await getReceipt(rpc, transaction))?.gasUsed ?? 0);
  }
  return gas;
}

function totalsOf({ rounds }: StudyHistory): SlotTotals[] {
  const totals = new Map<Slot, SlotTotals>();
  for (const { slot, status, samples } of rounds.flatMap(({ entries }) => entries)) {
    const before = totals.get(slot) ?? { slot, rounds: 0, samples: 0 };
    const counts = status === STATUS.INCLUDED;
    totals.set(slot, counts ? { slot, rounds: before.rounds + 1, samples: before.samples + samples } : before);
  }
  return [...totals.values()].sort((a, b) => a.slot - b.slot);
}

/** Where the ledger's storage says something else than its events. */
async function storageFaults(
  { provider }: ChainLine,
  ledger: Address,
  history: StudyHistory,
  totals: readonly SlotTotals[],
  block: number,
): Promise<string[]> {
  const faults: string[] = [];
  const stored = async (method: string, args: readonly unknown[]) =>
    await read(provider, { abi: ledgerAbi, address: ledger }, method, [history.study, ...args], block);
  const compare = (what: string, fromEvents: string, fromStorage: string) => {
    if (fromEvents !== fromStorage)
      faults.push(`${what}: events make it ${fromEvents}, the ledger stores ${fromStorage}`);
  };
  compare('head', history.head, String((await stored('head', []))[0]));
  for (const { round, recordHash } of history.rounds) {
    compare(`record hash of round ${round}`, recordHash, String((await stored('recordHash', [round]))[0]));
  }
  for (const { slot, rounds, samples } of totals) {
    const [storedRounds, storedSamples] = await stored('totals', [slot]);
    compare(
      `totals of slot ${slot}`,
      `${rounds} rounds, ${samples} samples`,
      `${storedRounds} rounds, ${storedSamples} samples`,
    );
  }
  return faults;
}
