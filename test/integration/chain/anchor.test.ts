import { describe, expect, test } from '@jest/globals';
import { revoke } from '../../../cli/chain/consent.ts';
import { createAnchor } from '../../../coordinator/anchor/ethereum.ts';
import type { OutboxMessage } from '../../../coordinator/anchor/port.ts';
import { createSigner } from '../../../coordinator/anchor/signing.ts';
import { ledgerTopic } from '../../../coordinator/chain/abi.ts';
import { estimateGas, transactionCount } from '../../../coordinator/chain/node.ts';
import { round } from '../../../core/values.ts';
import { silentLog } from '../../support/silentLog.ts';
import { clock, type Running, useOutbox } from './useOutbox.ts';
import { addressOf, encode, included, randomDigest, randomWallet, recordRound, startWorld } from './world.ts';

const { at, anchorFor, enqueue, settled, runningStudy, recordMessage, elsewhere } = useOutbox();

/** Records of a study's first round that stand on the chain. */
async function recordsOf(study: string) {
  const topics = [ledgerTopic('RoundRecorded'), study, `0x${'1'.padStart(64, '0')}`];
  return await at.world.provider.getLogs({ fromBlock: 0, topics });
}

describe('the outbox on a chain', () => {
  test('walks a whole study: start, record, note and close, each final with its transaction and block', async () => {
    const anchor = await anchorFor();
    const { study, plan, initialModel: base, openStudy } = at.world.newStudy();
    const opener = await anchorFor({ key: at.world.operator.privateKey });
    await enqueue(opener, { study, kind: 'open', round: 0, calldata: openStudy });
    expect((await settled(opener, study, 'open'))?.state).toBe('final');
    await at.world.grantAll(study, plan);

    const global = randomDigest();
    const entries = included(at.world.members.map(({ slot }) => slot));
    const calls: OutboxMessage[] = [
      { study, kind: 'start', round: 0, calldata: encode('startStudy', [study]) },
      { study, kind: 'record', round: round(1), calldata: recordRound({ study, round: 1, base, global, entries }) },
      { study, kind: 'note', round: round(1), calldata: encode('note', [study, randomDigest(), randomDigest()]) },
      { study, kind: 'close', round: 0, calldata: encode('closeStudy', [study, 1]) },
    ];
    for (const message of calls) await enqueue(anchor, message);
    await settled(anchor, study, 'close');
    const all = await Promise.all(calls.map((message) => anchor.status(study, message.kind, message.round)));
    expect(all.map((status) => status?.state)).toEqual(['final', 'final', 'final', 'final']);
    const blocks = all.map((status) => status?.block ?? 0);
    expect([...blocks].sort((a, b) => a - b)).toEqual(blocks);
    expect(new Set(all.map((status) => status?.transaction)).size).toBe(4);
  });

  test('takes the same message twice as one, and another under its name as a conflict', async () => {
    const anchor = await anchorFor();
    const run = await runningStudy();
    const message = recordMessage(run);
    await enqueue(anchor, message);
    await enqueue(anchor, message);
    await expect(enqueue(anchor, recordMessage(run))).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect((await settled(anchor, run.study, 'record', round(1)))?.state).toBe('final');
    expect(await anchor.status(run.study, 'close', 0)).toBeNull();
  });

  test('says which contract error a refused message met, and sends nothing', async () => {
    const anchor = await anchorFor();
    const run = await runningStudy();
    const [member] = at.world.members;
    if (member === undefined) throw new Error('no member');
    await revoke(at.world.provider, member.account, at.world.contracts.dataUse, {
      study: run.study,
      slot: member.slot,
    });
    const before = await transactionCount(at.world.rpc, anchor.signer, 'latest');
    await enqueue(anchor, recordMessage(run));
    expect(await settled(anchor, run.study, 'record', round(1))).toEqual({
      state: 'refused',
      transaction: null,
      block: null,
      error: { name: 'GrantNotLive', args: [String(member.slot)] },
    });
    expect(await transactionCount(at.world.rpc, anchor.signer, 'latest')).toBe(before);
  });

  test('takes another message in place of a refused one', async () => {
    const anchor = await anchorFor();
    const run = await runningStudy();
    const wrong = recordMessage({ ...run, base: randomDigest() });
    await enqueue(anchor, wrong);
    expect((await settled(anchor, run.study, 'record', round(1)))?.error?.name).toBe('WrongBase');
    await enqueue(anchor, recordMessage(run));
    expect((await anchor.status(run.study, 'record', round(1)))?.error).toBeNull();
    expect((await settled(anchor, run.study, 'record', round(1)))?.state).toBe('final');
  });

  test('two processes on one database send each message once and never two with one nonce', async () => {
    const [one, two] = [await anchorFor(), await anchorFor()];
    const runs = [];
    for (let i = 0; i < 6; i++) runs.push(await runningStudy());
    const before = await transactionCount(at.world.rpc, one.signer, 'latest');
    for (const run of runs) await enqueue(one, recordMessage(run));
    await Promise.all([one.tick(), two.tick(), one.tick(), two.tick()]);
    for (const run of runs) expect((await settled(two, run.study, 'record', round(1)))?.state).toBe('final');
    for (const run of runs) expect(await recordsOf(run.study)).toHaveLength(1);
    const nonces = at.db.selectFrom('transactions').select('nonce').where('nonce', '>=', before).execute();
    const used = (await nonces).map(({ nonce }) => nonce).sort((a, b) => a - b);
    expect(used).toEqual(Array.from(used, (_, i) => before + i));
    expect(await transactionCount(at.world.rpc, one.signer, 'latest')).toBe(before + used.length);
  });

  test('sends what waits at the same time in one transaction, but for what the ledger would refuse', async () => {
    const anchor = await anchorFor();
    const runs = [];
    for (let i = 0; i < 4; i++) runs.push(await runningStudy());
    const [first, wrong, ...others] = runs;
    if (first === undefined || wrong === undefined) throw new Error('no study');
    const before = await transactionCount(at.world.rpc, anchor.signer, 'latest');
    for (const run of [first, ...others]) await enqueue(anchor, recordMessage(run));
    await enqueue(anchor, recordMessage({ ...wrong, base: randomDigest() }));
    const statuses = [];
    for (const run of runs) statuses.push(await settled(anchor, run.study, 'record', round(1)));
    expect(statuses.map((status) => status?.state)).toEqual(['final', 'refused', 'final', 'final']);
    expect(statuses[1]?.error?.name).toBe('WrongBase');
    const transactions = statuses.filter((_, i) => i !== 1).map((status) => status?.transaction);
    expect(new Set(transactions).size).toBe(1);
    expect(await transactionCount(at.world.rpc, anchor.signer, 'latest')).toBe(before + 1);
    for (const run of [first, ...others]) expect(await recordsOf(run.study)).toHaveLength(1);
  });

  test('sends each by itself what would not fit into half a block together', async () => {
    await elsewhere(async (place) => {
      const anchor = await anchorFor({ place });
      const runs = [await runningStudy(place), await runningStudy(place), await runningStudy(place)];
      const { ledger: to } = place.world.contracts;
      const [data, from] = [recordMessage(runs[0] as Running).calldata, anchor.signer];
      const gas = await estimateGas(place.world.rpc, { from, to, data });
      await place.world.rpc.request('evm_setBlockGasLimit', [`0x${(5 * gas).toString(16)}`]);
      await place.world.mine();
      for (const run of runs) await enqueue(anchor, recordMessage(run), place);
      const statuses = [];
      for (const run of runs) statuses.push(await settled(anchor, run.study, 'record', round(1)));
      expect(statuses.map((status) => status?.state)).toEqual(['final', 'final', 'final']);
      expect(new Set(statuses.map((status) => status?.transaction)).size).toBe(2);
    });
  });

  test('judges a message only when the one before it in its study is in a block', async () => {
    await elsewhere(async (place) => {
      const { world: slow } = place;
      const run = await runningStudy(place);
      const anchor = await anchorFor({ place });
      await slow.rpc.request('evm_setAutomine', [false]);
      const first = recordMessage(run);
      const base = randomDigest();
      const calldata = recordRound({ study: run.study, round: 2, base, global: base, entries: included(run.slots) });
      await enqueue(anchor, first, place);
      await enqueue(anchor, { study: run.study, kind: 'record', round: round(2), calldata }, place);
      await anchor.tick();
      expect((await anchor.status(run.study, 'record', round(1)))?.state).toBe('sent');
      expect((await anchor.status(run.study, 'record', round(2)))?.state).toBe('pending');
      await slow.mine();
      await anchor.tick();
      expect((await anchor.status(run.study, 'record', round(1)))?.state).toBe('final');
      expect((await anchor.status(run.study, 'record', round(2)))?.error?.name).toBe('WrongBase');
    });
  });

  test('one study that the node will not serve holds up no other, and keeps its nonce', async () => {
    await elsewhere(async (place) => {
      const { world: own } = place;
      const run = await runningStudy(place);
      const stuck = randomDigest();
      const anchor = await anchorFor({ place });
      const nonce = await transactionCount(own.rpc, anchor.signer, 'latest');
      await enqueue(anchor, { study: stuck, kind: 'close', round: 0, calldata: '0x00' }, place);
      const { raw, hash } = await createSigner(own.coordinatorKey.privateKey).sign({
        ...{ chainId: own.chainId, nonce, to: own.contracts.ledger, data: '0x00', gasLimit: 1 },
        fees: { type: 2, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n },
      });
      const signed = { state: 'signed', signer: anchor.signer, nonce, transaction: hash } as const;
      await place.db.updateTable('outbox').set(signed).execute();
      await place.db
        .insertInto('transactions')
        .values({ hash, signer: anchor.signer, nonce, raw, offered: 0 })
        .execute();
      await enqueue(anchor, recordMessage(run), place);
      await anchor.tick();
      expect((await anchor.status(run.study, 'record', round(1)))?.state).toBe('sent');
      const rows = await place.db.selectFrom('outbox').select(['nonce', 'state']).orderBy('id').execute();
      expect(rows).toEqual([
        { nonce, state: 'signed' },
        { nonce: nonce + 1, state: 'sent' },
      ]);
    });
  });

  test('a broken line is CHAIN_UNAVAILABLE and retryable, and the outbox goes on when it is back', async () => {
    const anchor = await anchorFor();
    const gone = await startWorld({ members: 0 });
    const lost = await anchorFor({ place: { ...at, world: gone } });
    await gone.stop();
    const run = await runningStudy();
    await enqueue(anchor, recordMessage(run));
    await expect(lost.tick()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE', retryable: true });
    expect((await settled(anchor, run.study, 'record', round(1)))?.state).toBe('final');
  });

  test('refuses at start another chain, an address without a contract and a key that is none', async () => {
    const options = {
      rpcUrl: at.world.rpcUrl,
      chainId: at.world.chainId,
      ledger: at.world.contracts.ledger,
      finality: { kind: 'instant' },
      privateKey: randomWallet().privateKey,
    } as const;
    const modules = { db: at.db, log: silentLog, clock };
    await expect(createAnchor({ ...options, chainId: 1 }, modules)).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' });
    const nobody = addressOf(randomWallet());
    await expect(createAnchor({ ...options, ledger: nobody }, modules)).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
    });
    const secret = '0xnotakey';
    const refusal = createAnchor({ ...options, privateKey: secret }, modules);
    await expect(refusal).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(refusal).rejects.not.toThrow(secret);
  });
});
