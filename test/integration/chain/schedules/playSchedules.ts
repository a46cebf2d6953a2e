import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OUTBOX } from '../../../../coordinator/anchor/tables.ts';
import { createChainView } from '../../../../coordinator/chain/ethereum.ts';
import { getBlock, getReceipt } from '../../../../coordinator/chain/node.ts';
import { pointOf } from '../../../../coordinator/db/transact.ts';
import { silentLog } from '../../../support/silentLog.ts';
import { type ProxyNode, proxyNode } from '../proxyNode.ts';
import { tables } from '../useChain.ts';
import { type Place, type Running, useOutbox } from '../useOutbox.ts';
import { DEPTH, FAULTS, FINALITY, Schedule } from './Schedule.ts';

/** Played on one chain: Anvil forgets old states, and a reorg on top of one that it forgot empties it. */
const BATCH = 10;
/** Each is the point of many schedules; a message is refused, and renewed, by what no schedule does. */
const POINTS = [
  'outbox.broadcast',
  ...Object.entries(OUTBOX).flatMap(([state, events]) => Object.keys(events).map((on) => pointOf('outbox', state, on))),
].filter((point) => !['outbox.refused.renewed', 'outbox.pending.refused'].includes(point));

/** Declares the tests of schedules `from` to before `to`: a file of them plays beside the others. */
export function playSchedules(from: number, to: number): void {
  const { elsewhere, runningStudy } = useOutbox();
  const met = new Set<string>();

  describe('the outbox and the index under everything that goes wrong', () => {
    const batches = Array.from({ length: (to - from) / BATCH }, (_, i) => from + i * BATCH);
    describe.each(batches)('from schedule %i on', (first) => {
      let place: Place;
      let proxy: ProxyNode;
      let leave: () => void;
      let left: Promise<void>;

      beforeAll(async () => {
        const { promise: over, resolve } = Promise.withResolvers<void>();
        const { promise: there, resolve: arrived } = Promise.withResolvers<Place>();
        leave = resolve;
        left = elsewhere(async (own) => {
          arrived(own);
          await over;
        });
        place = await Promise.race([there, left.then(() => there)]);
        proxy = await proxyNode(place.world.rpcUrl);
        await place.world.rpc.request('anvil_setBalance', [place.world.coordinatorKey.address, '0x8ac7230489e80000']);
      });

      afterAll(async () => {
        await proxy?.stop();
        leave?.();
        await left;
      });

      test.each(Array.from({ length: BATCH }, (_, i) => first + i))('schedule %i', async (seed) => {
        const studies = [await runningStudy(place), await runningStudy(place)];
        await place.world.mine(DEPTH + 1);
        const fault = FAULTS[Math.floor(seed / POINTS.length) % FAULTS.length] ?? 'reorg';
        const point = POINTS[seed % POINTS.length] ?? '';
        const schedule = new Schedule({ ...place, proxy, studies }, seed, point, fault);
        await schedule.play();
        await schedule.calm();
        for (const one of schedule.met) met.add(one);

        expect(await schedule.onChain()).toEqual(schedule.wanted());
        await everyRowIsTrue(place, studies);
        await bringIndexUpToDate(place);
        if (seed === first + BATCH - 1) await indexEqualsOneMadeAnew(place);
      });
    });

    test('each fault came about, and the process was killed at each point', () => {
      expect([...FAULTS, ...POINTS].filter((name) => !met.has(name))).toEqual([]);
    });
  });
}

/** What a row says of its transaction and block is what the chain says. */
async function everyRowIsTrue({ world, db }: Place, studies: readonly Running[]): Promise<void> {
  const ids = studies.map(({ study }) => study);
  for (const row of await db.selectFrom('outbox').selectAll().where('study', 'in', ids).execute()) {
    const mined = { blockNumber: row.block, blockHash: row.block_hash, status: 1 };
    expect(await getReceipt(world.rpc, row.transaction ?? '')).toMatchObject(mined);
    expect((await getBlock(world.rpc, row.block ?? 0))?.hash).toBe(row.block_hash);
  }
}

async function bringIndexUpToDate({ world, db }: Place): Promise<void> {
  const { rpcUrl, chainId, contracts } = world;
  const view = await createChainView({ rpcUrl, chainId, contracts, finality: FINALITY }, { db, log: silentLog });
  await view.sync().finally(() => view.close());
}

async function indexEqualsOneMadeAnew(place: Place): Promise<void> {
  const { logs } = await tables(place.db);
  await place.db.deleteFrom('chain_logs').execute();
  await place.db.deleteFrom('chain_blocks').execute();
  await bringIndexUpToDate(place);
  expect(logs).toEqual((await tables(place.db)).logs);
  expect(logs.length).toBeGreaterThan(0);
}
