import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectChain } from '../../../cli/chain/connectChain.ts';
import { revoke } from '../../../cli/chain/consent.ts';
import { setKey } from '../../../cli/chain/consortium.ts';
import { readHistory } from '../../../cli/chain/history.ts';
import { send } from '../../../cli/chain/send.ts';
import { type ChainViewOptions, createChainView, type SyncedChainView } from '../../../coordinator/chain/ethereum.ts';
import type { Finality } from '../../../coordinator/chain/finality.ts';
import { appendRange } from '../../../coordinator/chain/index.sql.ts';
import { connect, type Database } from '../../../coordinator/db/connect.ts';
import { encodeEntries, extendHead, recordHash, startHash, studyHead } from '../../../core/statements/ledger.ts';
import { type Digest, instant, slot as toSlot, ZERO_DIGEST } from '../../../core/values.ts';
import { testDatabase } from '../../support/database.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { silentLog } from '../../support/silentLog.ts';
import {
  addressOf,
  DATASET,
  encode,
  included,
  randomDigest,
  randomWallet,
  recordRound,
  startWorld,
  VERSION,
  type World,
} from './world.ts';

let postgres: TestPostgres;
let world: World;
const cleanup: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [postgres, world] = await Promise.all([startPostgres(), startWorld({ members: 3 })]);
}, 60_000);

afterAll(async () => {
  for (const end of cleanup) await end();
  await postgres?.stop();
  await world?.stop();
});

async function viewOf(on: World, finality: Finality = { kind: 'instant' }) {
  const db = await testDatabase(postgres);
  const view = await createChainView(
    { rpcUrl: on.rpcUrl, chainId: on.chainId, contracts: on.contracts, finality },
    { db, log: silentLog },
  );
  cleanup.push(async () => {
    await view.close();
    await db.destroy();
  });
  return { view, db };
}

/** Opens, grants, starts and records `rounds` rounds. */
async function recordedStudy(on: World, rounds: number) {
  const { study, plan, initialModel, openStudy } = on.newStudy();
  const { ledger } = on.contracts;
  await send(on.provider, on.operator, { to: ledger, data: openStudy });
  await on.grantAll(study, plan);
  await send(on.provider, on.coordinatorKey, { to: ledger, data: encode('startStudy', [study]) });
  const models: Digest[] = [initialModel];
  const records = [];
  for (let round = 1; round <= rounds; round++) {
    const entries = included(on.members.map(({ slot }) => slot));
    const base = models.at(-1) ?? initialModel;
    const global = randomDigest();
    models.push(global);
    const data = recordRound({ study, round, base, global, entries });
    const receipt = await send(on.provider, on.coordinatorKey, { to: ledger, data });
    records.push({ round, base, global, entries, receipt });
  }
  return { study, plan, initialModel, records };
}

async function tables(db: Database) {
  return {
    blocks: await db.selectFrom('chain_blocks').selectAll().orderBy('number').execute(),
    logs: await db.selectFrom('chain_logs').selectAll().orderBy('block').orderBy('log_index').execute(),
  };
}

describe('what the chain says', () => {
  let view: SyncedChainView;
  beforeAll(async () => {
    view = (await viewOf(world)).view;
  });

  test('of members, accounts and keys, now and before', async () => {
    const [member] = world.members;
    if (member === undefined) throw new Error('no member');
    const [account, key] = [addressOf(member.account), addressOf(member.key)];
    expect(await view.member(member.slot)).toEqual({ slot: member.slot, account, key, active: true });
    expect(await view.keyOf(account)).toBe(key);
    expect(await view.key(key)).toMatchObject({
      key,
      owner: account,
      slot: member.slot,
      validTo: null,
      compromised: false,
    });
    expect(await view.roles(key)).toEqual({ operator: false, auditor: false, slot: member.slot });
    expect(await view.roles(account)).toEqual({ operator: false, auditor: false, slot: member.slot });

    const next = randomWallet();
    expect(await setKey(world.provider, member.account, world.contracts.consortium, addressOf(next))).toBe(true);
    expect(await setKey(world.provider, member.account, world.contracts.consortium, addressOf(next))).toBe(false);
    expect((await view.key(key))?.validTo).not.toBeNull();
    expect(await view.roles(key)).toEqual({ operator: false, auditor: false, slot: null });
    expect((await view.member(member.slot))?.key).toBe(addressOf(next));
  });

  test('of operators and coordinators', async () => {
    expect(await view.roles(addressOf(world.operator))).toEqual({ operator: true, auditor: false, slot: null });
    expect(await view.key(addressOf(world.coordinatorKey))).toMatchObject({
      owner: addressOf(world.coordinator),
      slot: null,
    });
  });

  test('of what it does not know: null, or nothing', async () => {
    const nobody = addressOf(randomWallet());
    const nothing = randomDigest();
    const slot = toSlot(1);
    expect(await view.study(nothing)).toBeNull();
    expect(await view.key(nobody)).toBeNull();
    expect(await view.keyOf(nobody)).toBeNull();
    expect(await view.member(toSlot(999))).toBeNull();
    expect(await view.grant(nothing, slot)).toBeNull();
    expect(await view.versionRows(slot, DATASET, nothing)).toBeNull();
    expect(await view.rounds(nothing)).toEqual([]);
    expect(await view.studiesOf(nobody)).toEqual([]);
    expect(await view.roster(nothing)).toEqual([]);
  });

  test('of a study: terms, grants, roster, totals, and every record with its head', async () => {
    const { study, plan, initialModel, records } = await recordedStudy(world, 2);
    const slots = world.members.map(({ slot }) => slot);
    const [slot] = slots as [(typeof slots)[number]];
    const [first, second] = records as [(typeof records)[number], (typeof records)[number]];
    expect(await view.study(study)).toMatchObject({
      ...{ id: study, plan, initialModel, model: second.global, lastRound: 2, started: true, outcome: 0 },
      ...{ minIncluded: 2, operator: addressOf(world.operator), coordinator: addressOf(world.coordinator) },
    });
    expect(await view.roster(study)).toEqual(slots);
    expect(await view.totals(study, slot)).toEqual({ rounds: 2, samples: 200 });
    expect(await view.grant(study, slot)).toMatchObject({ plan, dataset: DATASET, revokedAt: null });
    expect(await view.versionRows(slot, DATASET, VERSION)).toBe(1024);
    expect(await view.studiesOf(addressOf(world.coordinator))).toContain(study);

    const rounds = await view.rounds(study);
    expect(rounds.map(({ round }) => round)).toEqual([1, 2]);
    expect(rounds[0]).toMatchObject({
      ...{ outcome: 1, baseModel: initialModel, globalModel: first.global, manifest: first.global },
      ...{ transaction: first.receipt.transactionHash, gasUsed: first.receipt.gasUsed, entries: first.entries },
      block: { number: first.receipt.blockNumber, hash: first.receipt.blockHash },
    });
    const hashes = rounds.map(({ round, block }, i) => {
      const { base, global, entries } = records[i] as (typeof records)[number];
      const made = { study, round, outcome: 1, baseModel: base, globalModel: global, manifest: global } as const;
      return recordHash({ ...made, timestamp: block.timestamp, entries: encodeEntries(entries) });
    });
    expect(rounds.map((round) => round.recordHash)).toEqual(hashes);
    const started = await startTime(study);
    const opened = studyHead(world.chainId, world.contracts.ledger, study, plan, initialModel);
    const head = hashes.reduce<Digest>(extendHead, extendHead(opened, startHash(study, slots, started)));
    expect((await view.study(study))?.head).toBe(head);
    expect(rounds.at(-1)?.head).toBe(head);
  });

  async function startTime(study: Digest): Promise<number> {
    const logs = await world.provider.getLogs({ fromBlock: 0, topics: [null, study] });
    return (await logs[1]?.getBlock())?.timestamp ?? 0;
  }

  test('of a revoked grant, at once', async () => {
    const { study } = await recordedStudy(world, 0);
    const member = world.members[1];
    if (member === undefined) throw new Error('no member');
    await revoke(world.provider, member.account, world.contracts.dataUse, { study, slot: member.slot });
    expect((await view.grant(study, member.slot))?.revokedAt).not.toBeNull();
  });
});

describe('the event index', () => {
  test('built step by step by two processes equals one built from nothing', async () => {
    const { view, db } = await viewOf(world);
    const second = await createChainView(
      { rpcUrl: world.rpcUrl, chainId: world.chainId, contracts: world.contracts, finality: { kind: 'instant' } },
      { db, log: silentLog },
    );
    const { study } = await recordedStudy(world, 1);
    await view.sync();
    await recordedStudy(world, 2);
    await Promise.all([view.sync(), second.sync(), view.sync(), second.sync()]);
    await second.close();
    const { logs } = await tables(db);
    const fresh = await viewOf(world);
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
  }, 60_000);

  test('begins anew when nothing of what it knew is on the chain', async () => {
    const { view, db } = await viewOf(world);
    await db.insertInto('chain_blocks').values({ number: 3, hash: ZERO_DIGEST, timestamp: 1 }).execute();
    const bogus = { block: 3, log_index: 0, transaction: ZERO_DIGEST, address: world.contracts.ledger };
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
    const { logs } = await (async () => {
      const { view, db } = await viewOf(world);
      await view.sync();
      return await tables(db);
    })();
    const narrow = await narrowNode(world, 7);
    try {
      const { view, db } = await viewOf({ ...world, rpcUrl: narrow.url });
      await view.sync();
      expect((await tables(db)).logs).toEqual(logs);
      const line = await connectChain(narrow.url);
      const { studies } = await readHistory(line, world.contracts.ledger, {});
      line.close();
      expect(studies.length).toBeGreaterThan(0);
      expect(studies.every(({ verified }) => verified)).toBe(true);
    } finally {
      await narrow.stop();
    }
  });

  test('forgets old places where a reorg could be met, and no block that has events', async () => {
    const db = await testDatabase(postgres);
    try {
      const at = (number: number) => ({ number, hash: randomDigest(), timestamp: instant(number) });
      const [empty, full, recent, last] = [at(2), at(5), at(3000), at(6000)];
      const log = { block: full.number, log_index: 0, transaction: randomDigest(), address: world.contracts.ledger };
      const logs = [{ ...log, topics: [randomDigest()], data: '0x', gas_used: 1 }];
      expect(await appendRange(db, null, { blocks: [empty], logs: [] })).toBe(true);
      expect(await appendRange(db, empty, { blocks: [full, recent], logs })).toBe(true);
      expect(await appendRange(db, empty, { blocks: [last], logs: [] })).toBe(false);
      expect(await appendRange(db, recent, { blocks: [last], logs: [] })).toBe(true);
      const kept = await tables(db);
      expect(kept.blocks.map(({ number }) => number)).toEqual([full.number, recent.number, last.number]);
      expect(kept.logs).toEqual(logs);
    } finally {
      await db.destroy();
    }
  });

  test('holds only what is final', async () => {
    const { view } = await viewOf(world, { kind: 'blocks', n: 2 });
    const { study } = await recordedStudy(world, 1);
    expect(await view.rounds(study)).toEqual([]);
    expect((await view.study(study))?.lastRound).toBe(0);
    await world.mine(2);
    expect(await view.rounds(study)).toHaveLength(1);
    expect((await view.study(study))?.lastRound).toBe(1);
  });
});

describe('a node that cannot serve', () => {
  const options = (on: World): ChainViewOptions => ({
    rpcUrl: on.rpcUrl,
    chainId: on.chainId,
    contracts: on.contracts,
    finality: { kind: 'instant' },
  });
  let db: Database;
  beforeAll(() => {
    db = connect({ url: postgres.url() });
    cleanup.push(async () => await db.destroy());
  });
  const create = async (changes: Partial<ChainViewOptions>) =>
    await createChainView({ ...options(world), ...changes }, { db, log: silentLog });

  test('another chain is CHAIN_MISMATCH, and so are addresses without contracts', async () => {
    await expect(create({ chainId: 1 })).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' });
    const contracts = { ...world.contracts, dataUse: addressOf(randomWallet()) };
    await expect(create({ contracts })).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' });
  });

  test('no node at all is CHAIN_UNAVAILABLE, and the error keeps the address to itself but for the host', async () => {
    const rpcUrl = 'http://user:secret@127.0.0.1:9/key';
    const refusal = create({ rpcUrl });
    await expect(refusal).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE', retryable: true });
    const message = await refusal.catch((error: unknown) => String(error));
    expect(message).toContain('127.0.0.1:9');
    expect(message).not.toMatch(/secret|key/);
  });

  test('a node that hangs is CHAIN_UNAVAILABLE after the timeout', async () => {
    const held: Socket[] = [];
    const deaf = createServer((socket) => held.push(socket));
    const port = await listen(deaf);
    try {
      const refusal = create({ rpcUrl: `http://127.0.0.1:${port}`, timeoutSeconds: 1 });
      await expect(refusal).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
    } finally {
      for (const socket of held) socket.destroy();
      await close(deaf);
    }
  });

  test('a node without finalized blocks is CONFIG_INVALID where finality needs them', async () => {
    for (const answer of [{ result: null }, { error: { code: -39001, message: 'finalized block not found' } }]) {
      const node = await fakeNode({
        eth_chainId: { result: `0x${world.chainId.toString(16)}` },
        eth_getCode: { result: '0x60' },
        eth_getBlockByNumber: answer,
      });
      const refusal = create({ rpcUrl: node.url, finality: { kind: 'finalized' } });
      await expect(refusal).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await node.stop();
    }
  });

  test('a node that answers nonsense is CHAIN_UNAVAILABLE', async () => {
    const node = await fakeNode({ eth_chainId: { result: 'seven' } });
    await expect(create({ rpcUrl: node.url })).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' });
    await node.stop();
  });

  test('finalized is what the node calls so', async () => {
    const slow = await startWorld({ anvil: { slotsInAnEpoch: 1 }, members: 2 });
    try {
      const { view } = await viewOf(slow, { kind: 'finalized' });
      const { study } = await recordedStudy(slow, 1);
      expect(await view.rounds(study)).toEqual([]);
      await slow.mine(2);
      expect(await view.rounds(study)).toHaveLength(1);
    } finally {
      await slow.stop();
    }
  }, 60_000);
});

/** A node that gives the same answer to a method whatever is asked. */
async function fakeNode(answers: Readonly<Record<string, object>>): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createHttpServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8'));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: body.id, ...answers[body.method] }));
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, stop: () => close(server) };
}

/** The world's node, except that it refuses `eth_getLogs` over more than `most` blocks. */
async function narrowNode(on: World, most: number): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createHttpServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const { id, method, params } = JSON.parse(body.toString('utf8'));
    const wide = method === 'eth_getLogs' && Number(params[0].toBlock) - Number(params[0].fromBlock) >= most;
    const refused = JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32005, message: 'query exceeds max range' } });
    const headers = { 'content-type': 'application/json' };
    const answer = wide ? refused : await (await fetch(on.rpcUrl, { method: 'POST', headers, body })).text();
    response.setHeader('content-type', 'application/json');
    response.end(answer);
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, stop: () => close(server) };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  return typeof at === 'object' && at !== null ? at.port : 0;
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
