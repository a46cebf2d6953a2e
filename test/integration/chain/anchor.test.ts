import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { revoke } from '../../../cli/chain/consent.ts';
import { setKey } from '../../../cli/chain/consortium.ts';
import { send } from '../../../cli/chain/send.ts';
import { createAnchor, type EthereumAnchor } from '../../../coordinator/anchor/ethereum.ts';
import type { OutboxKind, OutboxMessage } from '../../../coordinator/anchor/port.ts';
import { createSigner } from '../../../coordinator/anchor/signing.ts';
import { ledgerAbi } from '../../../coordinator/chain/abi.ts';
import type { Finality } from '../../../coordinator/chain/finality.ts';
import { transactionCount } from '../../../coordinator/chain/node.ts';
import type { Database } from '../../../coordinator/db/connect.ts';
import type { Crash } from '../../../coordinator/modules.ts';
import { instant, type Round, round, type StudyId } from '../../../core/values.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { silentLog } from '../../support/silentLog.ts';
import { until } from '../../support/until.ts';
import {
  addressOf,
  encode,
  included,
  randomDigest,
  randomWallet,
  recordRound,
  startWorld,
  type World,
} from './world.ts';

const clock = { now: () => instant(Math.floor(Date.now() / 1000)) };

let postgres: TestPostgres;
let world: World;
let db: Database;
const open: EthereumAnchor[] = [];

beforeAll(async () => {
  [postgres, world] = await Promise.all([startPostgres(), startWorld()]);
  db = await testDatabase(postgres);
}, 60_000);

afterAll(async () => {
  await Promise.all(open.map((anchor) => anchor.close()));
  await db?.destroy();
  await postgres?.stop();
  await world?.stop();
});

async function anchorFor(
  options: { crash?: Crash; key?: string; finality?: Finality; on?: World; store?: Database } = {},
) {
  const on = options.on ?? world;
  const anchor = await createAnchor(
    {
      rpcUrl: on.rpcUrl,
      chainId: on.chainId,
      ledger: on.contracts.ledger,
      finality: options.finality ?? { kind: 'instant' },
      privateKey: options.key ?? on.coordinatorKey.privateKey,
    },
    { db: options.store ?? db, log: silentLog, clock, crash: options.crash },
  );
  open.push(anchor);
  return anchor;
}

async function enqueue(anchor: EthereumAnchor, message: OutboxMessage, store = db): Promise<void> {
  await store.transaction().execute(async (tx) => await anchor.enqueue(tx, message));
}

async function settled(anchor: EthereumAnchor, study: StudyId, kind: OutboxKind, of: Round | 0 = 0) {
  await until(async () => {
    await anchor.tick();
    return ['final', 'refused'].includes((await anchor.status(study, kind, of))?.state ?? '');
  });
  return await anchor.status(study, kind, of);
}

/** A study that is open, granted and started, without the outbox. */
async function runningStudy(on = world) {
  const { study, plan, initialModel, openStudy } = on.newStudy();
  const { ledger } = on.contracts;
  await send(on.provider, on.operator, { to: ledger, data: openStudy });
  await on.grantAll(study, plan);
  await send(on.provider, on.coordinatorKey, { to: ledger, data: encode('startStudy', [study]) });
  return { study, base: initialModel, slots: on.members.map(({ slot }) => slot as number) };
}

function recordMessage(run: Awaited<ReturnType<typeof runningStudy>>): OutboxMessage {
  const { study, base, slots } = run;
  const calldata = recordRound({ study, round: 1, base, global: randomDigest(), entries: included(slots) });
  return { study, kind: 'record', round: round(1), calldata };
}

describe('the outbox on a chain', () => {
  test('walks a whole study: start, record, note and close, each final with its transaction and block', async () => {
    const anchor = await anchorFor();
    const { study, plan, initialModel: base, openStudy } = world.newStudy();
    const opener = await anchorFor({ key: world.operator.privateKey });
    await enqueue(opener, { study, kind: 'open', round: 0, calldata: openStudy });
    expect((await settled(opener, study, 'open'))?.state).toBe('final');
    await world.grantAll(study, plan);

    const global = randomDigest();
    const entries = included(world.members.map(({ slot }) => slot));
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
    const [member] = world.members;
    if (member === undefined) throw new Error('no member');
    await revoke(world.provider, member.account, world.contracts.dataUse, { study: run.study, slot: member.slot });
    const before = await transactionCount(world.rpc, anchor.signer, 'latest');
    await enqueue(anchor, recordMessage(run));
    expect(await settled(anchor, run.study, 'record', round(1))).toEqual({
      state: 'refused',
      transaction: null,
      block: null,
      error: { name: 'GrantNotLive', args: [String(member.slot)] },
    });
    expect(await transactionCount(world.rpc, anchor.signer, 'latest')).toBe(before);
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

  test.each(['outbox.signed', 'outbox.broadcast', 'outbox.sent', 'outbox.mined', 'outbox.final'])(
    'goes on after a crash at %s, and the round is recorded once',
    async (point) => {
      const crashing = await anchorFor({
        crash: (at) => {
          if (at === point) throw new Error(`crash at ${at}`);
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
      const logs = await world.provider.getLogs({
        fromBlock: 0,
        topics: [null, run.study, `0x${'1'.padStart(64, '0')}`],
      });
      expect(logs.filter(({ topics }) => topics[0] === ledgerAbi.getEvent('RoundRecorded')?.topicHash)).toHaveLength(1);
    },
  );

  async function rawOf(study: StudyId): Promise<string | null | undefined> {
    const row = await db
      .selectFrom('outbox')
      .select('raw')
      .where('study', '=', study)
      .where('kind', '=', 'record')
      .executeTakeFirst();
    return row?.raw;
  }

  test('two processes on one database send each message once and never two with one nonce', async () => {
    const [one, two] = [await anchorFor(), await anchorFor()];
    const runs = [];
    for (let i = 0; i < 6; i++) runs.push(await runningStudy());
    const before = await transactionCount(world.rpc, one.signer, 'latest');
    for (const run of runs) await enqueue(one, recordMessage(run));
    await Promise.all([one.tick(), two.tick(), one.tick(), two.tick()]);
    for (const run of runs) expect((await settled(two, run.study, 'record', round(1)))?.state).toBe('final');
    expect(await transactionCount(world.rpc, one.signer, 'latest')).toBe(before + runs.length);
  });

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
    const opener = await anchorFor({ key: world.operator.privateKey });
    const { study, plan, openStudy } = world.newStudy();
    const { ledger } = world.contracts;
    const kind = randomDigest();
    const calls = [
      { kind: 'open', calldata: openStudy, by: world.operator, from: opener },
      { kind: 'start', calldata: encode('startStudy', [study]), by: world.coordinatorKey, from: anchor },
      { kind: 'note', calldata: encode('note', [study, kind, kind]), by: world.coordinatorKey, from: anchor },
      { kind: 'close', calldata: encode('closeStudy', [study, 3]), by: world.coordinatorKey, from: anchor },
    ] as const;
    for (const { kind, calldata, by, from } of calls) {
      const receipt = await send(world.provider, by, { to: ledger, data: calldata });
      await enqueue(from, { study, kind, round: 0, calldata });
      const done = { state: 'final', transaction: receipt.transactionHash, error: null };
      expect(await settled(from, study, kind)).toMatchObject(done);
      if (kind === 'open') await world.grantAll(study, plan);
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
    const [member] = world.members;
    if (member === undefined) throw new Error('no member');
    await signedThenCrashed(recordMessage(run));
    await revoke(world.provider, member.account, world.contracts.dataUse, { study: run.study, slot: member.slot });
    const status = await settled(await anchorFor(), run.study, 'record', round(1));
    expect(status).toMatchObject({ state: 'refused', error: { name: 'GrantNotLive', args: [String(member.slot)] } });
    expect(status?.transaction).not.toBeNull();
  });

  test('offers more under the same nonce when the base fee outgrew the offer', async () => {
    const dear = await startWorld();
    const store = await testDatabase(postgres);
    try {
      const run = await runningStudy(dear);
      await signedThenCrashed(recordMessage(run), dear, store);
      const signer = addressOf(dear.coordinatorKey);
      await dear.rpc.request('anvil_setNextBlockBaseFeePerGas', ['0x3b9aca00']);
      await dear.mine();
      const anchor = await anchorFor({ on: dear, store });
      await anchor.tick();
      expect((await anchor.status(run.study, 'record', round(1)))?.state).toBe('signed');
      await dear.rpc.request('anvil_setBalance', [signer, '0xde0b6b3a7640000']);
      expect((await settled(anchor, run.study, 'record', round(1)))?.state).toBe('final');
    } finally {
      await store.destroy();
      await dear.stop();
    }
  }, 60_000);

  test('takes a transaction that reverts because another key said the same before as done', async () => {
    const own = await startWorld();
    const store = await testDatabase(postgres);
    try {
      const run = await runningStudy(own);
      const message = recordMessage(run);
      await signedThenCrashed(message, own, store);
      const next = randomWallet();
      await setKey(own.provider, own.coordinator, own.contracts.consortium, addressOf(next));
      const { transactionHash } = await send(own.provider, next, { to: own.contracts.ledger, data: message.calldata });
      const status = await settled(await anchorFor({ on: own, store }), run.study, 'record', round(1));
      expect(status).toMatchObject({ state: 'final', transaction: transactionHash, error: null });
    } finally {
      await store.destroy();
      await own.stop();
    }
  }, 60_000);

  test('judges a message only when the one before it in its study is in a block', async () => {
    const slow = await startWorld();
    const store = await testDatabase(postgres);
    try {
      const run = await runningStudy(slow);
      const anchor = await anchorFor({ on: slow, store });
      await slow.rpc.request('evm_setAutomine', [false]);
      const first = recordMessage(run);
      const base = randomDigest();
      const calldata = recordRound({ study: run.study, round: 2, base, global: base, entries: included(run.slots) });
      await enqueue(anchor, first, store);
      await enqueue(anchor, { study: run.study, kind: 'record', round: round(2), calldata }, store);
      await anchor.tick();
      expect((await anchor.status(run.study, 'record', round(1)))?.state).toBe('sent');
      expect((await anchor.status(run.study, 'record', round(2)))?.state).toBe('pending');
      await slow.mine();
      await anchor.tick();
      expect((await anchor.status(run.study, 'record', round(1)))?.state).toBe('final');
      expect((await anchor.status(run.study, 'record', round(2)))?.error?.name).toBe('WrongBase');
    } finally {
      await store.destroy();
      await slow.stop();
    }
  }, 60_000);

  test('one study that the node will not serve holds up no other, and keeps its nonce', async () => {
    const own = await startWorld();
    const store = await testDatabase(postgres);
    try {
      const run = await runningStudy(own);
      const stuck = randomDigest();
      const anchor = await anchorFor({ on: own, store });
      const nonce = await transactionCount(own.rpc, anchor.signer, 'latest');
      await enqueue(anchor, { study: stuck, kind: 'close', round: 0, calldata: '0x00' }, store);
      const { raw, hash } = await createSigner(own.coordinatorKey.privateKey).sign({
        ...{ chainId: own.chainId, nonce, to: own.contracts.ledger, data: '0x00', gasLimit: 1 },
        fees: { type: 2, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n },
      });
      const signed = { state: 'signed', signer: anchor.signer, nonce, raw, transaction: hash } as const;
      await store.updateTable('outbox').set(signed).execute();
      await enqueue(anchor, recordMessage(run), store);
      await anchor.tick();
      expect((await anchor.status(run.study, 'record', round(1)))?.state).toBe('sent');
      const rows = await store.selectFrom('outbox').select(['nonce', 'state']).orderBy('id').execute();
      expect(rows).toEqual([
        { nonce, state: 'signed' },
        { nonce: nonce + 1, state: 'sent' },
      ]);
    } finally {
      await store.destroy();
      await own.stop();
    }
  }, 60_000);

  async function signedThenCrashed(message: OutboxMessage, on = world, store = db): Promise<void> {
    const crash = (at: string) => {
      if (at === 'outbox.signed') throw new Error('crash');
    };
    const anchor = await anchorFor({ crash, on, store });
    await enqueue(anchor, message, store);
    await expect(anchor.tick()).rejects.toThrow('crash');
  }

  /** Sends the message with the coordinator's key as another program would. */
  async function sendPast(message: OutboxMessage) {
    return await send(world.provider, world.coordinatorKey, { to: world.contracts.ledger, data: message.calldata });
  }

  test('a broken line is CHAIN_UNAVAILABLE and retryable, and the outbox goes on when it is back', async () => {
    const anchor = await anchorFor();
    const gone = await startWorld({ members: 0 });
    const lost = await anchorFor({ on: gone });
    await gone.stop();
    const run = await runningStudy();
    await enqueue(anchor, recordMessage(run));
    await expect(lost.tick()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE', retryable: true });
    expect((await settled(anchor, run.study, 'record', round(1)))?.state).toBe('final');
  }, 60_000);

  test('refuses at start another chain, an address without a contract and a key that is none', async () => {
    const options = {
      rpcUrl: world.rpcUrl,
      chainId: world.chainId,
      ledger: world.contracts.ledger,
      finality: { kind: 'instant' },
      privateKey: randomWallet().privateKey,
    } as const;
    const modules = { db, log: silentLog, clock };
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

describe('the outbox under a reorganising chain', () => {
  test('sends again what a reorg took back, and calls nothing final before its blocks stand on it', async () => {
    const finality = { kind: 'blocks', n: 2 } as const;
    const deep = await startWorld();
    const store = await testDatabase(postgres);
    try {
      const anchor = await anchorFor({ on: deep, finality, store });
      const run = await runningStudy(deep);
      await deep.mine(5);
      await enqueue(anchor, recordMessage(run), store);
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
    } finally {
      await store.destroy();
      await deep.stop();
    }
  }, 60_000);
});
