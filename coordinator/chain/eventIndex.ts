import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { Address, Digest } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { Log } from '../modules.ts';
import { coalesce } from './coalesce.ts';
import { type Finality, finalBlock } from './finality.ts';
import { appendRange, blocksBelow, indexTip, type Range, rollBack } from './index.sql.ts';
import { type Block, getBlock, getLogs, getReceipt, type NodeLog, refOf } from './node.ts';
import type { BlockRef } from './port.ts';
import { type Rpc, wasAnswered } from './rpc.ts';

/** Blocks asked for at once; halved as often as a node says that it is too much. */
const RANGE_BLOCKS = 5_000;
const REQUESTS_AT_ONCE = 8;
/** Reorgs met during one sync before it gives up. */
const MOVES = 10;

/** The contracts' events up to the last final block, in the database: the chain is asked for each once. */
export interface EventIndex {
  /** Brings the index to the last final block. Safe from several processes. @throws SyndicError CHAIN_UNAVAILABLE */
  sync(): Promise<void>;
}

export interface EventIndexOptions {
  readonly contracts: readonly Address[];
  readonly finality: Finality;
}

/**
 * Every range is one transaction, and the newest indexed block's hash is compared with the chain's before each: after
 * a reorg deeper than the finality that was promised, the index goes back to the last block that both know.
 */
export function createEventIndex(
  rpc: Rpc,
  { contracts, finality }: EventIndexOptions,
  { db, log }: { db: Database; log: Log },
): EventIndex {
  let range = RANGE_BLOCKS;

  async function sync(): Promise<void> {
    let moves = 0;
    let end = await finalBlock(rpc, finality);
    for (let done = await step(end); done !== 'synced'; done = await step(end)) {
      if (done === 'extended') continue;
      if (++moves > MOVES) throw restless();
      end = await finalBlock(rpc, finality);
    }
  }

  /** One range, or one way back. */
  async function step(end: Block): Promise<'synced' | 'extended' | 'moved'> {
    const tip = await indexTip(db);
    if (tip?.hash === end.hash) return 'synced';
    if (tip !== null && (await getBlock(rpc, tip.number))?.hash !== tip.hash) {
      await goBack(tip);
      return 'moved';
    }
    const from = tip === null ? 0 : tip.number + 1;
    if (from > end.number) return 'synced';
    const found = await read(from, end);
    if (found === null) return 'moved';
    await appendRange(db, tip, found);
    return 'extended';
  }

  /** Logs from `from` on with their blocks; null when the chain changed while it was read. */
  async function read(from: number, end: Block): Promise<Range | null> {
    const { last, logs } = await readLogs(from, end);
    const numbers = [...new Set(logs.map((entry) => entry.blockNumber))].filter((number) => number !== last?.number);
    const blocks = await inParallel(numbers, async (number) => await getBlock(rpc, number));
    const refs = [...blocks, last].flatMap((block) => (block === null ? [] : [refOf(block)]));
    const gas = await gasOf(logs);
    const whole = logs.every((entry) => refs.some((ref) => ref.hash === entry.blockHash));
    if (last === null || gas === null || !whole) return null;
    if ((await getBlock(rpc, last.number))?.hash !== last.hash) return null;
    return { blocks: refs, logs: logs.map((entry) => rowOf(entry, gas.get(entry.transactionHash) ?? 0)) };
  }

  /** As many blocks at once as the node allows. */
  async function readLogs(from: number, end: Block): Promise<{ last: Block | null; logs: NodeLog[] }> {
    for (;;) {
      const to = Math.min(end.number, from + range - 1);
      const last = to === end.number ? end : await getBlock(rpc, to);
      try {
        return { last, logs: await getLogs(rpc, { from, to, addresses: contracts }) };
      } catch (thrown) {
        if (!wasAnswered(thrown) || to === from) throw thrown;
        range = Math.max(1, Math.floor((to - from + 1) / 2));
        log.info({ from, to, range }, 'the node refuses so many blocks at once: asking for fewer');
      }
    }
  }

  /** Gas by transaction; null when one of them is in no block any more. */
  async function gasOf(logs: readonly NodeLog[]): Promise<Map<Digest, number> | null> {
    const transactions = [...new Set(logs.map((entry) => entry.transactionHash))];
    const receipts = await inParallel(transactions, async (transaction) => await getReceipt(rpc, transaction));
    if (receipts.some((receipt) => receipt === null)) return null;
    return new Map(receipts.flatMap((receipt) => (receipt ? [[receipt.transactionHash, receipt.gasUsed]] : [])));
  }

  async function goBack(tip: BlockRef): Promise<void> {
    const ancestor = await ancestorOf(tip);
    log.warn({ from: tip.number, to: ancestor?.number ?? null }, 'the chain reorganised under the event index');
    await rollBack(db, tip, ancestor);
  }

  /** The newest indexed block that is still on the chain; null when none is. */
  async function ancestorOf(tip: BlockRef): Promise<BlockRef | null> {
    let below = tip.number;
    for (;;) {
      const candidates = await blocksBelow(db, below, 100);
      for (const candidate of candidates) {
        if ((await getBlock(rpc, candidate.number))?.hash === candidate.hash) return candidate;
        below = candidate.number;
      }
      if (candidates.length === 0) return null;
    }
  }

  return { sync: coalesce(sync) };
}

function restless(): SyndicError {
  return new SyndicError('CHAIN_UNAVAILABLE', 'the chain keeps reorganising while it is read: try again');
}

function rowOf(entry: NodeLog, gasUsed: number) {
  return {
    block: entry.blockNumber,
    log_index: entry.logIndex,
    transaction: entry.transactionHash,
    address: entry.address,
    topics: entry.topics,
    data: entry.data.toLowerCase(),
    gas_used: gasUsed,
  };
}

async function inParallel<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const out: U[] = [];
  for (let at = 0; at < items.length; at += REQUESTS_AT_ONCE) {
    out.push(...(await Promise.all(items.slice(at, at + REQUESTS_AT_ONCE).map(work))));
  }
  return out;
}
