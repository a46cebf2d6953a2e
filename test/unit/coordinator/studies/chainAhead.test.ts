import { describe, expect, test } from '@jest/globals';
import { encodeRecordRound } from '../../../../coordinator/anchor/calldata.ts';
import { encodeEntries } from '../../../../core/statements/entries.ts';
import { digest, round, type StudyId, ZERO_DIGEST } from '../../../../core/values.ts';
import type { Rig } from '../../../support/studies/rig.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();
const absent = { status: 0, reason: 1, update: ZERO_DIGEST, samples: 0 } as const;

/** What another copy of this coordinator sends, which this database knows nothing of. */
function recordElsewhere(rig: Rig, study: StudyId, number: number): void {
  const base = rig.ledger.studies.get(study)?.model ?? ZERO_DIGEST;
  const entries = encodeEntries([1, 2, 3].map((slot) => ({ slot, ...absent })));
  const call = { study, round: round(number), baseModel: base, globalModel: base, manifest: ZERO_DIGEST, entries };
  rig.ledger.apply(encodeRecordRound({ ...call, outcome: 2 }));
}

describe('a coordinator whose chain is ahead of its database', () => {
  test('stops before it takes work', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    await expect(rig.studies.checkChain()).resolves.toBeUndefined();
    recordElsewhere(rig, study, 1);
    await expect(rig.studies.checkChain()).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
  });

  test('stops instead of deciding a round that is on chain already', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    for (const member of [1, 2, 3]) await rig.deliver(member);
    recordElsewhere(rig, study, 1);
    await expect(rig.studies.advance(study)).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
    expect(rig.aggregations).toEqual([]);
  });

  test('stops when its record is refused for a round that stands there already', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    rig.anchor.stopped = true;
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    recordElsewhere(rig, study, 1);
    rig.anchor.stopped = false;
    await rig.anchor.tick();
    await expect(rig.studies.advance(study)).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
  });

  test('stops for a study with rounds that its database never heard of', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const lost = digest(`0x${'99'.repeat(32)}`);
    const known = rig.ledger.studies.get(study);
    if (known === undefined) throw new Error('no study');
    rig.ledger.studies.set(lost, { ...known, id: lost, plan: lost });
    await expect(rig.studies.checkChain()).resolves.toBeUndefined();
    rig.ledger.studies.set(lost, { ...known, id: lost, plan: lost, lastRound: 1 });
    await expect(rig.studies.checkChain()).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
  });

  test('stops for a study without a round that its database never heard of, when the store has its plan', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const lost = digest(`0x${'99'.repeat(32)}`);
    const known = rig.ledger.studies.get(study);
    if (known === undefined) throw new Error('no study');
    rig.ledger.studies.set(lost, { ...known, id: lost });
    await expect(rig.studies.checkChain()).rejects.toMatchObject({
      code: 'CHAIN_AHEAD',
      message: expect.stringContaining('syndic coordinator recover'),
    });
  });

  test('is not what a process sees that was overtaken between reading database and chain', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    for (const member of [1, 2, 3]) await rig.deliver(member);
    const other = rig.makeStudies();
    const read = rig.ledger.study.bind(rig.ledger);
    let overtaken = false;
    rig.ledger.study = async (id) => {
      if (!overtaken) {
        overtaken = true;
        await rig.settle(study, other);
      }
      return read(id);
    };
    await rig.studies.advance(study);
    expect(overtaken).toBe(true);
    expect((await rig.studies.show(study)).attempts).toMatchObject([{ state: 'anchored' }, { state: 'collecting' }]);
  });

  test('waits for a node that is behind', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    for (const member of [1, 2, 3]) await rig.deliver(member);
    const before = rig.ledger.studies.get(study);
    if (before === undefined) throw new Error('no study');
    await rig.studies.advance(study);
    await rig.anchor.tick();
    const now = rig.ledger.studies.get(study);
    rig.ledger.studies.set(study, before);
    await rig.studies.advance(study);
    expect((await rig.studies.show(study)).attempts).toMatchObject([{ state: 'recorded' }]);
    if (now !== undefined) rig.ledger.studies.set(study, now);
    await rig.studies.advance(study);
    expect((await rig.studies.show(study)).attempts).toMatchObject([{ state: 'anchored' }, { state: 'collecting' }]);
  });
});

describe('a message that the ledger refuses for something that somebody must mend', () => {
  test('is tried again now and then, and goes through once it is mended', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    rig.anchor.refuse.set('record', 'NotCoordinator');
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    expect(rig.wakes.at(-1)).toEqual({ study, delay: 30 });
    rig.clock.seconds += 30;
    await rig.settle(study);
    rig.anchor.refuse.clear();
    await rig.settle(study);
    expect((await rig.studies.show(study)).attempts).toMatchObject([{ state: 'recorded' }]);
    rig.clock.seconds += 30;
    await rig.settle(study);
    expect((await rig.studies.show(study)).attempts[0]).toMatchObject({ state: 'anchored', outcome: 1 });
    const events = await rig.studies.events(study, 0, 1000);
    expect(events.filter(({ type }) => type === 'record.refused')).toHaveLength(3);
  });
});

describe('events', () => {
  test('come in order and in pages, and none appears behind one that was told', async () => {
    const rig = await rigOf();
    const study = await rig.open();
    const all = await rig.studies.events(study, 0, 100);
    expect(all.map(({ type }) => type)).toEqual(['study.opening', 'study.opened']);
    expect(await rig.studies.events(study, all[0]?.id ?? 0, 1)).toEqual([all[1]]);
    const event = (type: string) => ({ at: 1, study, round: null, slot: null, type, data: '{}' });
    let begun = () => {};
    let release = () => {};
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = rig.db.transaction().execute(async (tx) => {
      await tx.insertInto('events').values(event('slow')).execute();
      begun();
      await held;
    });
    await started;
    await rig.db.insertInto('events').values(event('quick')).execute();
    expect(await rig.studies.events(study, 0, 100)).toEqual(all);
    release();
    await slow;
    const types = (await rig.studies.events(study, all[1]?.id ?? 0, 100)).map(({ type }) => type);
    expect(types).toEqual(['slow', 'quick']);
  });
});
