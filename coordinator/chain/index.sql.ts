import { sql, type Transaction } from 'kysely';
import { type Address, type Digest, digest, instant } from '../../core/values.ts';
import type { Database } from '../db/connect.ts';
import type { ChainLogsTable, Schema } from '../db/schema.ts';
import type { BlockRef } from './port.ts';

export type IndexedLog = ChainLogsTable & { readonly hash: string; readonly timestamp: number };

/** What one range of blocks adds to the index. */
export interface Range {
  /** Blocks with logs, and the range's last. */
  readonly blocks: readonly BlockRef[];
  readonly logs: readonly ChainLogsTable[];
}

/** Indexed blocks without logs are kept this far back: places where a reorg can be met. */
const CHECKPOINT_BLOCKS = 4096;
/** PostgreSQL takes 65,535 parameters a statement. */
const INSERT_ROWS = 2000;

/** The newest indexed block; null while the index is empty. */
export async function indexTip(db: Database | Transaction<Schema>): Promise<BlockRef | null> {
  return (await blocksBelow(db, Number.MAX_SAFE_INTEGER, 1))[0] ?? null;
}

/** Indexed blocks under `number`, newest first. */
export async function blocksBelow(
  db: Database | Transaction<Schema>,
  number: number,
  limit: number,
): Promise<BlockRef[]> {
  const rows = await db
    .selectFrom('chain_blocks')
    .selectAll()
    .where('number', '<', number)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ number: row.number, hash: digest(row.hash), timestamp: instant(row.timestamp) }));
}

/** Adds a range on top of `tip`. False, and nothing added, when another process moved the tip meanwhile. */
export async function appendRange(db: Database, tip: BlockRef | null, range: Range): Promise<boolean> {
  return await whileTipIs(db, tip, async (tx) => {
    for (const blocks of inChunks(range.blocks)) {
      await tx
        .insertInto('chain_blocks')
        .values(blocks.map(({ number, hash, timestamp }) => ({ number, hash, timestamp })))
        .execute();
    }
    for (const logs of inChunks(range.logs))
      await tx
        .insertInto('chain_logs')
        .values([...logs])
        .execute();
    await forgetCheckpoints(tx, (range.blocks.at(-1)?.number ?? 0) - CHECKPOINT_BLOCKS);
  });
}

/** Drops what is above `ancestor` (everything when it is null). False when another process moved the tip meanwhile. */
export async function rollBack(db: Database, tip: BlockRef, ancestor: BlockRef | null): Promise<boolean> {
  const above = ancestor?.number ?? -1;
  return await whileTipIs(db, tip, async (tx) => {
    await tx.deleteFrom('chain_logs').where('block', '>', above).execute();
    await tx.deleteFrom('chain_blocks').where('number', '>', above).execute();
  });
}

/** Logs with all of `topics`, each at any position, in the chain's order, with their blocks' hashes and times. */
export async function logsWith(db: Database, address: Address, topics: readonly Digest[]): Promise<IndexedLog[]> {
  return await db
    .selectFrom('chain_logs')
    .innerJoin('chain_blocks', 'chain_blocks.number', 'chain_logs.block')
    .selectAll('chain_logs')
    .select(['chain_blocks.hash', 'chain_blocks.timestamp'])
    .where('chain_logs.address', '=', address)
    .where(sql<boolean>`chain_logs.topics @> ${[...topics]}::text[]`)
    .orderBy('chain_logs.block')
    .orderBy('chain_logs.log_index')
    .execute();
}

async function whileTipIs(
  db: Database,
  tip: BlockRef | null,
  write: (tx: Transaction<Schema>) => Promise<void>,
): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('syndic.chain.index', 0))`.execute(tx);
    if ((await indexTip(tx))?.hash !== tip?.hash) return false;
    await write(tx);
    return true;
  });
}

async function forgetCheckpoints(tx: Transaction<Schema>, below: number): Promise<void> {
  await tx
    .deleteFrom('chain_blocks')
    .where('number', '<', below)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('chain_logs').select('block').whereRef('chain_logs.block', '=', 'chain_blocks.number'))),
    )
    .execute();
}

function* inChunks<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += INSERT_ROWS) yield rows.slice(at, at + INSERT_ROWS);
}
