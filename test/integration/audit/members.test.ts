import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Contract } from 'ethers';
import { contractsOf } from '../../../audit/code.ts';
import { connectRpc, type RpcChain } from '../../../audit/rpc.ts';
import { storedAccount, storedKey } from '../../../audit/storage/consortium.ts';
import { storedGrants, storedVersion } from '../../../audit/storage/dataUse.ts';
import { storedRecordHashes, storedStudy, storedTotals } from '../../../audit/storage/ledger.ts';
import { storedRoundVerdicts } from '../../../audit/storage/verdicts.ts';
import { grant, revoke } from '../../../cli/chain/consent.ts';
import { setKey } from '../../../cli/chain/consortium.ts';
import { send } from '../../../cli/chain/send.ts';
import { consortiumAbi, dataUseAbi, ledgerAbi, verdictsAbi } from '../../../coordinator/chain/abi.ts';
import { decodeReceipt } from '../../../core/statements/documents.ts';
import { encodeEntries, STATUS } from '../../../core/statements/entries.ts';
import { type Address, address, type Digest, digest, instant, type Slot } from '../../../core/values.ts';
import { addressOf, DATASET, randomWallet, startWorld, VERSION, type World, type WorldMember } from '../chain/world.ts';
import { faultsOf, reportOn } from './reportOn.ts';
import { Scene } from './Scene.ts';

let world: World;
let chain: RpcChain;
let verdicts: Address;

beforeAll(async () => {
  world = await startWorld({ members: 3 });
  const first = await connectRpc(world.rpcUrl);
  verdicts = (await contractsOf(first, world.contracts.ledger))?.verdicts ?? world.contracts.ledger;
  first.close();
});

afterAll(async () => {
  chain?.close();
  await world?.stop();
});

const member = (slot: number) => world.members[slot - 1] as WorldMember;
const soon = () => instant(Math.floor(Date.now() / 1000) + 86_400);
const ledger = () => new Contract(world.contracts.ledger, ledgerAbi, world.provider);
const recordHash = async (scene: Scene, round: number) =>
  digest(await ledger().getFunction('recordHash')(scene.study, round));

async function say(slot: number, method: string, args: readonly unknown[]): Promise<void> {
  const data = verdictsAbi.encodeFunctionData(method, [...args]);
  await send(world.provider, member(slot).account, { to: verdicts, data });
}

async function attest(scene: Scene, round: number, slots: readonly number[]): Promise<void> {
  for (const slot of slots) await say(slot, 'attest', [scene.study, round, slot, await recordHash(scene, round)]);
}

const codesOf = async (scene: Scene) => (await reportOn(world, scene)).findings.map(({ code }) => code);

describe('a study verifies', () => {
  test('and is final once it is closed and every record is attested by its quorum', async () => {
    const scene = await new Scene(world).open();
    await scene.round();
    await scene.round();
    await attest(scene, 1, [1, 2]);
    await attest(scene, 2, [3]);
    expect(await reportOn(world, scene)).toMatchObject({ verified: true, final: false, findings: [] });
    await scene.close();
    expect(await codesOf(scene)).toEqual(['NOT_FINAL']);
    await attest(scene, 2, [2]);
    expect(await reportOn(world, scene)).toMatchObject({ verified: true, final: true, findings: [], unchecked: [] });
  });

  test('when a member leaves and joins again between rounds', async () => {
    const scene = await new Scene(world).open();
    const { provider, contracts } = world;
    await scene.round();
    await revoke(provider, member(3).account, contracts.dataUse, { study: scene.study, slot: member(3).slot });
    // Round 2 was fixed when round 1 was recorded: it still accounts for slot 3.
    await scene.round({ of: [1, 2], absent: [3] });
    await scene.round({ of: [1, 2] });
    const consent = { study: scene.study, slot: member(3).slot, plan: scene.plan.hash, dataset: DATASET };
    await grant(provider, member(3).account, contracts.dataUse, { ...consent, until: soon() });
    await scene.round({ of: [1, 2] });
    await scene.round();
    expect(await reportOn(world, scene)).toMatchObject({ verified: true, findings: [] });
  });

  test('when somebody joins after the last record, and has a say in it', async () => {
    const scene = await new Scene(world).open({ joining: [1, 2] });
    const { provider, contracts } = world;
    await scene.round({ of: [1, 2] });
    const consent = { study: scene.study, slot: member(3).slot, plan: scene.plan.hash, dataset: DATASET };
    await grant(provider, member(3).account, contracts.dataUse, { ...consent, until: soon() });
    await attest(scene, 1, [1, 3]);
    await scene.close();
    expect(await reportOn(world, scene)).toMatchObject({ verified: true, final: true, findings: [] });
  });

  test('when a member’s key is replaced mid-round: what the old one signed for the open round counts', async () => {
    const scene = await new Scene(world).open();
    await scene.round();
    const old = member(2).key.privateKey;
    await rekey(2);
    await scene.round({ keys: { 2: old } });
    await scene.round();
    expect(await reportOn(world, scene)).toMatchObject({ verified: true, findings: [] });
    // A round later it signs nothing any more.
    await scene.round({ keys: { 2: old } });
    expect(faultsOf(await reportOn(world, scene))).toEqual([
      { code: 'STATEMENT_UNSIGNED', round: 4, slot: 2, implicated: 'coordinator' },
    ]);
  });
});

describe('a report tells', () => {
  test('of a key that was revoked as compromised', async () => {
    const scene = await new Scene(world).open();
    const old = member(1).key;
    await scene.round();
    const data = consortiumAbi.encodeFunctionData('revokeKey', [old.address, true]);
    await send(world.provider, member(1).account, { to: world.contracts.consortium, data });
    await scene.round();
    await rekey(1);
    await scene.round();
    const { findings, verified } = await reportOn(world, scene);
    expect(findings.map(({ code, round, slot }) => ({ code, round, slot }))).toEqual([
      { code: 'KEY_COMPROMISED', round: 2, slot: 1 },
    ]);
    expect(verified).toBe(true);
  });

  test('of disputes, open or withdrawn', async () => {
    const scene = await new Scene(world).open();
    await scene.round();
    await scene.close();
    await say(1, 'dispute', [scene.study, 1, 1, await recordHash(scene, 1), 3]);
    await attest(scene, 1, [2, 3]);
    const report = await reportOn(world, scene);
    expect(report).toMatchObject({ verified: true, final: false });
    expect(report.findings.map(({ code, slot }) => ({ code, slot }))).toEqual([
      { code: 'DISPUTE_OPEN', slot: 1 },
      { code: 'NOT_FINAL', slot: undefined },
    ]);
    await say(1, 'withdrawDispute', [scene.study, 1, 1]);
    expect(await reportOn(world, scene)).toMatchObject({ verified: true, final: true, findings: [] });
  });

  test('of a broken receipt that anybody has proven on chain', async () => {
    const scene = await new Scene(world).open();
    const { receipts, base, global, manifest } = await scene.round({ absent: [1] });
    const { message, signature } = decodeReceipt(scene.files.get(receipts[0] as Digest) ?? new Uint8Array());
    const { statement, study, round, slot, baseModel, update, samples, recordBy } = message;
    const receipt = [statement, study, round, slot, baseModel, update, samples, recordBy];
    const { entries, time } = (await reportOn(world, scene)).history.rounds[0] ?? { entries: [], time: 0 };
    const record = [1, base, global, manifest, time];
    await say(1, 'challengeOmission', [receipt, signature, record, encodeEntries(entries)]);
    expect(faultsOf(await reportOn(world, scene))).toEqual([
      { code: 'RECEIPT_BROKEN', round: 1, slot: 1, implicated: 'coordinator' },
      { code: 'OMISSION_PROVEN', round: 1, slot: 1, implicated: 'coordinator' },
    ]);
  });
});

test('words of storage are read as the contracts read them', async () => {
  const scene = await new Scene(world).open();
  await scene.round();
  await scene.round({ absent: [2] });
  await attest(scene, 1, [1, 3]);
  await say(2, 'dispute', [scene.study, 2, 2, await recordHash(scene, 2), 7]);
  chain = await connectRpc(world.rpcUrl);
  const { consortium, dataUse } = world.contracts;
  const call = (at: Address, abi: typeof ledgerAbi, method: string, ...args: unknown[]) =>
    new Contract(at, abi, world.provider).getFunction(method)(...args);

  const told = await call(world.contracts.ledger, ledgerAbi, 'study', scene.study);
  expect(await storedStudy(chain, world.contracts.ledger, scene.study)).toEqual({
    operator: address(told.operator),
    coordinator: address(told.coordinator),
    minIncluded: 2,
    outcome: 0,
    started: true,
    openedAt: Number(told.openedAt),
    lastRound: 2,
    plan: scene.plan.hash,
    initialModel: digest(told.initialModel),
    model: scene.rounds[1]?.global,
    head: digest(told.head),
  });
  expect(await storedRecordHashes(chain, world.contracts.ledger, scene.study, 2)).toEqual([
    await recordHash(scene, 1),
    await recordHash(scene, 2),
  ]);
  const slots = [1, 2, 3, 4] as Slot[];
  const totals = [];
  for (const slot of slots) {
    const [rounds, samples] = await call(world.contracts.ledger, ledgerAbi, 'totals', scene.study, slot);
    totals.push({ rounds, samples });
  }
  expect(totals.map(({ rounds }) => rounds)).toEqual([2n, 1n, 2n, 0n]);
  expect(await storedTotals(chain, world.contracts.ledger, scene.study, slots)).toEqual(totals);

  const key = addressOf(member(1).key);
  const listed = await call(consortium, consortiumAbi, 'keyInfo', key);
  expect(await storedKey(chain, consortium, key)).toEqual({
    ...{ slot: 1, owner: addressOf(member(1).account), compromised: false },
    ...{ validFrom: Number(listed.validFrom), validTo: null },
  });
  expect(await storedKey(chain, consortium, addressOf(randomWallet()))).toBeNull();
  expect(await storedAccount(chain, consortium, member(2).slot)).toBe(addressOf(member(2).account));
  expect(await storedAccount(chain, consortium, 9 as Slot)).toBeNull();

  const given = await call(dataUse, dataUseAbi, 'grantAt', scene.study, 1, 0);
  const first = {
    ...{ plan: scene.plan.hash, dataset: DATASET, revokedAt: null },
    ...{ grantedAt: Number(given.grantedAt), until: Number(given.until) },
  };
  const granted = await storedGrants(chain, dataUse, scene.study, [9 as Slot, member(1).slot, member(2).slot]);
  expect(granted).toEqual([[], [first], [expect.objectContaining({ plan: scene.plan.hash, dataset: DATASET })]]);
  const version = { slot: member(1).slot, dataset: DATASET, root: VERSION };
  expect(await storedVersion(chain, dataUse, version)).toMatchObject({ rows: 1024 });
  expect(await storedVersion(chain, dataUse, { ...version, root: DATASET })).toBeNull();

  const members = [1, 2, 3] as Slot[];
  const nothing = { dispute: 'none', reason: 0, omission: 'none' };
  expect(await storedRoundVerdicts(chain, verdicts, { study: scene.study, round: 1, slots: members })).toEqual({
    ...{ attested: 2, disputed: 0, secondsLate: 0 },
    members: members.map((slot) => ({ slot, attested: slot !== 2, ...nothing })),
  });
  const second = await storedRoundVerdicts(chain, verdicts, { study: scene.study, round: 2, slots: members });
  expect(second.members[1]).toEqual({ slot: 2, attested: false, dispute: 'disputed', reason: 7, omission: 'none' });
  expect(second).toMatchObject({ attested: 0, disputed: 1 });
  expect(STATUS.ABSENT).toBe(0);
});

/** Gives a member another worker key, which this file's rounds sign with from now on. */
async function rekey(slot: number): Promise<void> {
  const key = randomWallet();
  await setKey(world.provider, member(slot).account, world.contracts.consortium, addressOf(key));
  world.members[slot - 1] = { ...member(slot), key };
}
