import { describe, expect, test } from '@jest/globals';
import { ledgerAbi } from '../../../coordinator/chain/abi.ts';
import { round } from '../../../core/values.ts';
import { until } from '../../support/until.ts';
import { useOutbox } from './useOutbox.ts';
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
