import { describe, expect, test } from '@jest/globals';
import type { EthereumAnchor } from '../../../coordinator/anchor/ethereum.ts';
import { feesOf } from '../../../coordinator/anchor/signing.ts';
import { ledgerAbi } from '../../../coordinator/chain/abi.ts';
import { priceOf } from '../../../coordinator/chain/fees.ts';
import { transactionCount } from '../../../coordinator/chain/node.ts';
import { round } from '../../../core/values.ts';
import { until } from '../../support/until.ts';
import { type Place, type Running, useOutbox } from './useOutbox.ts';
import { addressOf } from './world.ts';

const { at, anchorFor, enqueue, settled, runningStudy, recordMessage, signedThenCrashed, rawOf, elsewhere } =
  useOutbox();

describe('the outbox through crashes and dear times', () => {
  test.each(['outbox.signed', 'outbox.broadcast', 'outbox.sent', 'outbox.mined', 'outbox.final'])(
    'goes on after a crash at %s, and the round is recorded once',
    async (point) => {
      const crashing = await anchorFor({
        crash: (reached) => {
          if (reached === point) throw new Error(`crash at ${reached}`);
        },
      });
      const run = await runningStudy();
      await enqueue(crashing, recordMessage(run));
      await expect(
        until(async () => {
          await crashing.tick();
          return false;
        }),
      ).rejects.toThrow(`crash at ${point}`);
      const sent = await rawOf(run.study);

      const again = await anchorFor();
      const status = await settled(again, run.study, 'record', round(1));
      expect(status?.state).toBe('final');
      expect(await rawOf(run.study)).toBe(sent);
      const logs = await at.world.provider.getLogs({
        fromBlock: 0,
        topics: [null, run.study, `0x${'1'.padStart(64, '0')}`],
      });
      expect(logs.filter(({ topics }) => topics[0] === ledgerAbi.getEvent('RoundRecorded')?.topicHash)).toHaveLength(1);
    },
  );

  test('offers more under the same nonce when the base fee outgrew the offer', async () => {
    await elsewhere(async (place) => {
      const { world: dear } = place;
      const run = await runningStudy(place);
      await signedThenCrashed(recordMessage(run), place);
      const signer = addressOf(dear.coordinatorKey);
      await dear.rpc.request('anvil_setNextBlockBaseFeePerGas', ['0x3b9aca00']);
      await dear.mine();
      const anchor = await anchorFor({ place });
      await anchor.tick();
      expect((await anchor.status(run.study, 'record', round(1)))?.state).toBe('signed');
      await dear.rpc.request('anvil_setBalance', [signer, '0xde0b6b3a7640000']);
      expect((await settled(anchor, run.study, 'record', round(1)))?.state).toBe('final');
    });
  });
});

describe('the outbox where blocks are paid for', () => {
  const DEAR = '0x77359400'; // 2 gwei
  const ETHER = '0xde0b6b3a7640000';

  /** A record that waits in the node's pool, offered too little to be taken; the chain goes on without it. */
  async function stuck(place: Place, blocks: number): Promise<{ run: Running; anchor: EthereumAnchor; nonce: number }> {
    const { world } = place;
    const anchor = await anchorFor({ place });
    const run = await runningStudy(place);
    await world.rpc.request('anvil_setBalance', [anchor.signer, ETHER]);
    await world.rpc.request('anvil_setNextBlockBaseFeePerGas', [DEAR]);
    await world.mine();
    await world.rpc.request('evm_setAutomine', [false]);
    await enqueue(anchor, recordMessage(run), place);
    await anchor.tick();
    const [sent] = await offers(place);
    if (sent === undefined) throw new Error('nothing was offered');
    // As a miner does that has better offers: blocks without it, while the pool keeps it.
    await world.rpc.request('anvil_dropTransaction', [sent.hash]);
    await world.mine(blocks);
    return { run, anchor, nonce: sent.nonce };
  }

  const offers = ({ db }: Place) =>
    db.selectFrom('transactions').selectAll().orderBy('serial', 'desc').limit(2).execute();

  test('offers an eighth more under the same nonce when blocks leave it out, and not before', async () => {
    await elsewhere(async (place) => {
      const { run, anchor, nonce } = await stuck(place, 4);
      await anchor.tick();
      const [only, ...others] = await offers(place);
      expect(others).toEqual([]);
      await place.world.rpc.request('anvil_dropTransaction', [only?.hash]);
      await place.world.mine(1);
      await anchor.tick();
      const [newest, oldest] = await offers(place);
      expect([newest?.nonce, oldest?.nonce]).toEqual([nonce, nonce]);
      const price = (raw = '') => priceOf(feesOf(raw));
      expect(price(newest?.raw) * 8n).toBeGreaterThanOrEqual(price(oldest?.raw) * 9n);
      await place.world.mine();
      const status = await settled(anchor, run.study, 'record', round(1));
      expect(status).toMatchObject({ state: 'final', transaction: newest?.hash });
    });
  });

  test('takes whichever offer a block took, and sends nothing more', async () => {
    await elsewhere(async (place) => {
      const { run, anchor, nonce } = await stuck(place, 5);
      await anchor.tick();
      const [newest, oldest] = await offers(place);
      if (newest === undefined || oldest === undefined) throw new Error('not offered twice');
      await place.world.rpc.request('anvil_dropTransaction', [newest.hash]);
      await place.world.rpc.request('eth_sendRawTransaction', [oldest.raw]);
      await place.world.mine();
      const status = await settled(anchor, run.study, 'record', round(1));
      expect(status).toMatchObject({ state: 'final', transaction: oldest.hash });
      expect(await transactionCount(place.world.rpc, anchor.signer, 'pending')).toBe(nonce + 1);
    });
  });
});

describe('the outbox under a reorganising chain', () => {
  test('sends again what a reorg took back, and calls nothing final before its blocks stand on it', async () => {
    const finality = { kind: 'blocks', n: 2 } as const;
    await elsewhere(async (place) => {
      const { world: deep } = place;
      const anchor = await anchorFor({ place, finality });
      const run = await runningStudy(place);
      await deep.mine(5);
      await enqueue(anchor, recordMessage(run), place);
      await until(async () => {
        await anchor.tick();
        return (await anchor.status(run.study, 'record', round(1)))?.state === 'mined';
      });
      const before = await anchor.status(run.study, 'record', round(1));
      await deep.reorg(1);
      await until(async () => {
        await anchor.tick();
        const now = await anchor.status(run.study, 'record', round(1));
        return now?.state === 'mined' && now.block !== before?.block;
      });
      await deep.mine(2);
      expect(await settled(anchor, run.study, 'record', round(1))).toMatchObject({
        state: 'final',
        transaction: before?.transaction,
      });
    });
  });
});
