import { describe, expect, test } from '@jest/globals';
import { revoke } from '../../../cli/chain/consent.ts';
import { setKey } from '../../../cli/chain/consortium.ts';
import { send } from '../../../cli/chain/send.ts';
import { transactionCount } from '../../../coordinator/chain/node.ts';
import { round } from '../../../core/values.ts';
import { useOutbox } from './useOutbox.ts';
import { addressOf, encode, randomDigest, randomWallet } from './world.ts';

const { at, anchorFor, enqueue, settled, runningStudy, recordMessage, signedThenCrashed, sendPast, rawOf, elsewhere } =
  useOutbox();

describe('the outbox on a chain that another program writes to', () => {
  test('takes a round that the chain has already, with the same content, as done', async () => {
    const anchor = await anchorFor();
    const run = await runningStudy();
    const message = recordMessage(run);
    const receipt = await sendPast(message);
    await enqueue(anchor, message);
    expect(await settled(anchor, run.study, 'record', round(1))).toEqual({
      state: 'final',
      transaction: receipt.transactionHash,
      block: receipt.blockNumber,
      error: null,
    });
  });

  test('takes every other kind of message that the chain has already as done, and other terms as refused', async () => {
    const anchor = await anchorFor();
    const opener = await anchorFor({ key: at.world.operator.privateKey });
    const { study, plan, openStudy } = at.world.newStudy();
    const { ledger } = at.world.contracts;
    const kind = randomDigest();
    const calls = [
      { kind: 'open', calldata: openStudy, by: at.world.operator, from: opener },
      { kind: 'start', calldata: encode('startStudy', [study]), by: at.world.coordinatorKey, from: anchor },
      { kind: 'note', calldata: encode('note', [study, kind, kind]), by: at.world.coordinatorKey, from: anchor },
      { kind: 'close', calldata: encode('closeStudy', [study, 3]), by: at.world.coordinatorKey, from: anchor },
    ] as const;
    for (const { kind, calldata, by, from } of calls) {
      const receipt = await send(at.world.provider, by, { to: ledger, data: calldata });
      await enqueue(from, { study, kind, round: 0, calldata });
      const done = { state: 'final', transaction: receipt.transactionHash, error: null };
      expect(await settled(from, study, kind)).toMatchObject(done);
      if (kind === 'open') await at.world.grantAll(study, plan);
    }
    await enqueue(anchor, { study, kind: 'close', round: round(1), calldata: encode('closeStudy', [study, 1]) });
    expect(await settled(anchor, study, 'close', round(1))).toMatchObject({ error: { name: 'StudyIsClosed' } });
  });

  test('refuses a round that the chain has with another content', async () => {
    const anchor = await anchorFor();
    const run = await runningStudy();
    await sendPast(recordMessage(run));
    await enqueue(anchor, recordMessage(run));
    expect(await settled(anchor, run.study, 'record', round(1))).toMatchObject({
      state: 'refused',
      error: { name: 'WrongRound' },
    });
  });

  test('signs again when another program used its nonce up', async () => {
    const run = await runningStudy();
    await signedThenCrashed(recordMessage(run));
    const displaced = await rawOf(run.study);
    await runningStudy(); // its start is the same key's, sent past the outbox
    expect((await settled(await anchorFor(), run.study, 'record', round(1)))?.state).toBe('final');
    expect(await rawOf(run.study)).not.toBe(displaced);
  });

  test('takes what another program sent with its nonce as done when it is the same message', async () => {
    const run = await runningStudy();
    const message = recordMessage(run);
    await signedThenCrashed(message);
    const receipt = await sendPast(message);
    const status = await settled(await anchorFor(), run.study, 'record', round(1));
    expect(status).toMatchObject({ state: 'final', transaction: receipt.transactionHash });
  });

  test('a transaction that reverts in its block is refused with the reason', async () => {
    const run = await runningStudy();
    const [member] = at.world.members;
    if (member === undefined) throw new Error('no member');
    await signedThenCrashed(recordMessage(run));
    await revoke(at.world.provider, member.account, at.world.contracts.dataUse, {
      study: run.study,
      slot: member.slot,
    });
    const status = await settled(await anchorFor(), run.study, 'record', round(1));
    expect(status).toMatchObject({ state: 'refused', error: { name: 'GrantNotLive', args: [String(member.slot)] } });
    expect(status).toMatchObject({ transaction: null, block: null });
  });

  test('takes a transaction that reverts because another key said the same before as done', async () => {
    await elsewhere(async (place) => {
      const { world: own } = place;
      const run = await runningStudy(place);
      const message = recordMessage(run);
      await signedThenCrashed(message, place);
      const next = randomWallet();
      await setKey(own.provider, own.coordinator, own.contracts.consortium, addressOf(next));
      const { transactionHash } = await send(own.provider, next, { to: own.contracts.ledger, data: message.calldata });
      const status = await settled(await anchorFor({ place }), run.study, 'record', round(1));
      expect(status).toMatchObject({ state: 'final', transaction: transactionHash, error: null });
    });
  });

  test('uses up a nonce that nobody uses any more since a reorg, and what waits behind it is recorded', async () => {
    const finality = { kind: 'blocks', n: 2 } as const;
    await elsewhere(async (place) => {
      const { world: own } = place;
      const { rpc, provider, coordinatorKey } = own;
      const run = await runningStudy(place);
      const anchor = await anchorFor({ place, finality });
      const nonce = await transactionCount(rpc, anchor.signer, 'latest');
      await send(provider, coordinatorKey, { to: anchor.signer, data: '0x' });
      await rpc.request('evm_setAutomine', [false]);
      await enqueue(anchor, recordMessage(run), place);
      await anchor.tick();
      await own.reorg(1);
      // The other program's transaction is gone for good: it does not send it again.
      await rpc.request('anvil_dropAllTransactions', []);
      await own.mine(4);
      await anchor.tick();
      expect(await transactionCount(rpc, anchor.signer, 'pending')).toBe(nonce);
      await own.mine(2);
      await anchor.tick();
      const fillers = place.db.selectFrom('transactions').select('nonce').where('nonce', '=', nonce).execute();
      expect(await fillers).toHaveLength(1);
      await own.mine(4);
      expect((await settled(anchor, run.study, 'record', round(1)))?.state).toBe('final');
      expect(await transactionCount(rpc, anchor.signer, 'latest')).toBe(nonce + 2);
    });
  });
});
