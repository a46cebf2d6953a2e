import { describe, expect, test } from '@jest/globals';
import { readHistories } from '../../../audit/history.ts';
import { connectRpc } from '../../../audit/rpc.ts';
import { appendRange } from '../../../coordinator/chain/index.sql.ts';
import { instant, ZERO_DIGEST } from '../../../core/values.ts';
import { narrowNode } from './fakeNode.ts';
import { recordedStudy, tables, useChain } from './useChain.ts';
import { randomDigest, startWorld } from './world.ts';

const { at, newDatabase, viewOf } = useChain();

describe('the event index', () => {
  test('built step by step by two processes equals one built from nothing', async () => {
    const { view, db } = await viewOf(at.world);
    const { view: second } = await viewOf(at.world, { kind: 'instant' }, db);
    const { study } = await recordedStudy(at.world, 1);
    await view.sync();
    await recordedStudy(at.world, 2);
    await Promise.all([view.sync(), second.sync(), view.sync(), second.sync()]);
    const { logs } = await tables(db);
    const fresh = await viewOf(at.world);
    await fresh.view.sync();
    expect((await tables(fresh.db)).logs).toEqual(logs);
    expect(await fresh.view.rounds(study)).toEqual(await view.rounds(study));
  });

  test('goes back to the common block after a reorg, and equals one built from nothing', async () => {
    const restless = await startWorld();
    try {
      const { view, db } = await viewOf(restless);
      const { study } = await recordedStudy(restless, 2);
      await view.sync();
      const before = await view.rounds(study);
      expect(before).toHaveLength(2);
      expect(await view.rounds(study, 2)).toEqual(before.slice(1));
      await restless.reorg(1);
      expect(await view.rounds(study)).toEqual(before.slice(0, 1));
      const { study: other } = await recordedStudy(restless, 1);
      expect(await view.rounds(other)).toHaveLength(1);
      const fresh = await viewOf(restless);
      await fresh.view.sync();
      expect((await tables(fresh.db)).logs).toEqual((await tables(db)).logs);
    } finally {
      await restless.stop();
    }
  });

  test('begins anew when nothing of what it knew is on the chain', async () => {
    const { view, db } = await viewOf(at.world);
    await db.insertInto('chain_blocks').values({ number: 3, hash: ZERO_DIGEST, timestamp: 1 }).execute();
    const bogus = { block: 3, log_index: 0, transaction: ZERO_DIGEST, address: at.world.contracts.ledger };
    await db
      .insertInto('chain_logs')
      .values({ ...bogus, topics: [ZERO_DIGEST], data: '0x', gas_used: 1 })
      .execute();
    await view.sync();
    const { logs } = await tables(db);
    expect(logs.filter(({ transaction }) => transaction === ZERO_DIGEST)).toEqual([]);
    expect(logs.length).toBeGreaterThan(0);
  });

  test('asks for fewer blocks when the node refuses so many, and so does the history', async () => {
    const wide = await viewOf(at.world);
    await wide.view.sync();
    const { logs } = await tables(wide.db);
    const narrow = await narrowNode(at.world, 7);
    try {
      const { view, db } = await viewOf({ ...at.world, rpcUrl: narrow.url });
      await view.sync();
      expect((await tables(db)).logs).toEqual(logs);
      const chain = await connectRpc(narrow.url);
      const studies = await readHistories(chain, at.world.contracts.ledger);
      chain.close();
      expect(studies.length).toBeGreaterThan(0);
      expect(studies.every(({ verified }) => verified)).toBe(true);
    } finally {
      await narrow.stop();
    }
  });

  test('forgets old places where a reorg could be met, and no block that has events', async () => {
    const db = await newDatabase();
    const block = (number: number) => ({ number, hash: randomDigest(), timestamp: instant(number) });
    const [empty, full, recent, last] = [block(2), block(5), block(3000), block(6000)];
    const log = { block: full.number, log_index: 0, transaction: randomDigest(), address: at.world.contracts.ledger };
    const logs = [{ ...log, topics: [randomDigest()], data: '0x', gas_used: 1 }];
    expect(await appendRange(db, null, { blocks: [empty], logs: [] })).toBe(true);
    expect(await appendRange(db, empty, { blocks: [full, recent], logs })).toBe(true);
    expect(await appendRange(db, empty, { blocks: [last], logs: [] })).toBe(false);
    expect(await appendRange(db, recent, { blocks: [last], logs: [] })).toBe(true);
    const kept = await tables(db);
    expect(kept.blocks.map(({ number }) => number)).toEqual([full.number, recent.number, last.number]);
    expect(kept.logs).toEqual(logs);
  });

  test('holds only what is final', async () => {
    const { view } = await viewOf(at.world, { kind: 'blocks', n: 2 });
    const { study } = await recordedStudy(at.world, 1);
    expect(await view.rounds(study)).toEqual([]);
    expect((await view.study(study))?.lastRound).toBe(0);
    await at.world.mine(2);
    expect(await view.rounds(study)).toHaveLength(1);
    expect((await view.study(study))?.lastRound).toBe(1);
  });
});
