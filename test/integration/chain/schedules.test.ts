import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OUTBOX } from '../../../coordinator/anchor/tables.ts';
import { createChainView } from '../../../coordinator/chain/ethereum.ts';
import { getBlock, getReceipt } from '../../../coordinator/chain/node.ts';
import { pointOf } from '../../../coordinator/db/transact.ts';
import { silentLog } from '../../support/silentLog.ts';
import { type ProxyNode, proxyNode } from './proxyNode.ts';
import { DEPTH, FAULTS, FINALITY, Schedule } from './Schedule.ts';
import { tables } from './useChain.ts';
import { type Running, useOutbox } from './useOutbox.ts';

const SCHEDULES = 200;
/** Each is the point of many schedules; that at which a refused message is renewed is the study's. */
const POINTS = [
  'outbox.broadcast',
  ...Object.entries(OUTBOX).flatMap(([state, events]) => Object.keys(events).map((on) => pointOf('outbox', state, on))),
].filter((point) => !['outbox.refused.renewed', 'outbox.pending.refused'].includes(point));

const { at, runningStudy } = useOutbox();
const met = new Map<string, number>();
let proxy: ProxyNode;

beforeAll(async () => {
  proxy = await proxyNode(at.world.rpcUrl);
  await at.world.rpc.request('anvil_setBalance', [at.world.coordinatorKey.address, '0x8ac7230489e80000']);
});

afterAll(async () => {
  await proxy?.stop();
});

describe('the outbox and the index under everything that goes wrong', () => {
  test.each(Array.from({ length: SCHEDULES }, (_, seed) => seed))('schedule %i', async (seed) => {
    const studies = [await runningStudy(), await runningStudy()];
    await at.world.mine(DEPTH + 1);
    const fault = FAULTS[Math.floor(seed / POINTS.length) % FAULTS.length] ?? 'reorg';
    const point = POINTS[seed % POINTS.length] ?? '';
    const schedule = new Schedule({ world: at.world, db: at.db, proxy, studies }, seed, point, fault);
    await schedule.play();
    await schedule.calm();
    for (const one of schedule.met) met.set(one, (met.get(one) ?? 0) + 1);

    expect(await schedule.onChain()).toEqual(schedule.wanted());
    await everyRowIsTrue(studies);
    await indexIsUpToDate();
    if (seed % 25 === 24) await indexEqualsOneMadeAnew();
  });

  test('each fault came about, and the process was killed at each point', () => {
    expect([...FAULTS, ...POINTS].filter((name) => !met.has(name))).toEqual([]);
  });
});

/** What a row says of its transaction and block is what the chain says. */
async function everyRowIsTrue(studies: readonly Running[]): Promise<void> {
  const { rpc } = at.world;
  const ids = studies.map(({ study }) => study);
  for (const row of await at.db.selectFrom('outbox').selectAll().where('study', 'in', ids).execute()) {
    const mined = { blockNumber: row.block, blockHash: row.block_hash, status: 1 };
    expect(await getReceipt(rpc, row.transaction ?? '')).toMatchObject(mined);
    expect((await getBlock(rpc, row.block ?? 0))?.hash).toBe(row.block_hash);
  }
}

async function indexIsUpToDate(): Promise<void> {
  const { rpcUrl, chainId, contracts } = at.world;
  const view = await createChainView({ rpcUrl, chainId, contracts, finality: FINALITY }, { db: at.db, log: silentLog });
  await view.sync().finally(() => view.close());
}

async function indexEqualsOneMadeAnew(): Promise<void> {
  const { logs } = await tables(at.db);
  await at.db.deleteFrom('chain_logs').execute();
  await at.db.deleteFrom('chain_blocks').execute();
  await indexIsUpToDate();
  expect(logs).toEqual((await tables(at.db)).logs);
  expect(logs.length).toBeGreaterThan(0);
}
