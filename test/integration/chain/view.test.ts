import { beforeAll, describe, expect, test } from '@jest/globals';
import { revoke } from '../../../cli/chain/consent.ts';
import { setKey } from '../../../cli/chain/consortium.ts';
import { ledgerTopic } from '../../../coordinator/chain/abi.ts';
import type { SyncedChainView } from '../../../coordinator/chain/ethereum.ts';
import { encodeEntries, extendHead, recordHash, startHash, studyHead } from '../../../core/statements/ledger.ts';
import { studyId } from '../../../core/statements/studyId.ts';
import { type Digest, slot as toSlot, ZERO_DIGEST } from '../../../core/values.ts';
import { recordedStudy, useChain } from './useChain.ts';
import { addressOf, DATASET, randomDigest, randomWallet, VERSION } from './world.ts';

const { at, viewOf } = useChain();

describe('what the chain says', () => {
  let view: SyncedChainView;
  beforeAll(async () => {
    view = (await viewOf(at.world)).view;
  });

  test('of members, accounts and keys, now and before', async () => {
    const [member] = at.world.members;
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
    expect(await setKey(at.world.provider, member.account, at.world.contracts.consortium, addressOf(next))).toBe(true);
    expect(await setKey(at.world.provider, member.account, at.world.contracts.consortium, addressOf(next))).toBe(false);
    expect((await view.key(key))?.validTo).not.toBeNull();
    expect(await view.roles(key)).toEqual({ operator: false, auditor: false, slot: null });
    expect((await view.member(member.slot))?.key).toBe(addressOf(next));
  });

  test('of operators and coordinators', async () => {
    expect(await view.roles(addressOf(at.world.operator))).toEqual({ operator: true, auditor: false, slot: null });
    expect(await view.key(addressOf(at.world.coordinatorKey))).toMatchObject({
      owner: addressOf(at.world.coordinator),
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
    expect(await view.salt(nothing)).toBeNull();
    expect(await view.studiesOf(nobody)).toEqual([]);
    expect(await view.roster(nothing)).toEqual([]);
  });

  test('of a study: terms, grants, roster, totals, and every record with its head', async () => {
    const { study, plan, initialModel, records } = await recordedStudy(at.world, 2);
    const slots = at.world.members.map(({ slot }) => slot);
    const [slot] = slots as [(typeof slots)[number]];
    const [first, second] = records as [(typeof records)[number], (typeof records)[number]];
    expect(await view.study(study)).toMatchObject({
      ...{ id: study, plan, initialModel, model: second.global, lastRound: 2, started: true, outcome: 0 },
      ...{ minIncluded: 2, operator: addressOf(at.world.operator), coordinator: addressOf(at.world.coordinator) },
    });
    expect(await view.roster(study)).toEqual(slots);
    expect(await view.totals(study, slot)).toEqual({ rounds: 2, samples: 200 });
    expect(await view.grant(study, slot)).toMatchObject({ plan, dataset: DATASET, revokedAt: null });
    expect(await view.versionRows(slot, DATASET, VERSION)).toBe(1024);
    expect(await view.studiesOf(addressOf(at.world.coordinator))).toContain(study);

    const salt = (await view.salt(study)) ?? ZERO_DIGEST;
    const { chainId, contracts, operator } = at.world;
    expect(studyId(chainId, contracts.ledger, addressOf(operator), plan, salt)).toBe(study);

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
    const opened = studyHead(at.world.chainId, at.world.contracts.ledger, study, plan, initialModel);
    const head = hashes.reduce<Digest>(extendHead, extendHead(opened, startHash(study, slots, started)));
    expect((await view.study(study))?.head).toBe(head);
    expect(rounds.at(-1)?.head).toBe(head);
  });

  async function startTime(study: Digest): Promise<number> {
    const topics = [ledgerTopic('StudyStarted'), study];
    const [started] = await at.world.provider.getLogs({ fromBlock: 0, topics });
    return (await started?.getBlock())?.timestamp ?? 0;
  }

  test('of a revoked grant, at once', async () => {
    const { study } = await recordedStudy(at.world, 0);
    const member = at.world.members[1];
    if (member === undefined) throw new Error('no member');
    await revoke(at.world.provider, member.account, at.world.contracts.dataUse, { study, slot: member.slot });
    expect((await view.grant(study, member.slot))?.revokedAt).not.toBeNull();
  });
});
