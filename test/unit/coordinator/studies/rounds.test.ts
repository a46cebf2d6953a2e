import { describe, expect, test } from '@jest/globals';
import { type StudyId, slot, ZERO_DIGEST } from '../../../../core/values.ts';
import type { Rig } from '../../../support/studies/rig.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();

const entries = (rig: Rig, study: StudyId, round: number) =>
  rig.recordOf(study, round)?.entries.map(({ slot, status, reason, samples }) => [slot, status, reason, samples]);

describe('a round', () => {
  test('closes at once when every task is over', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    await rig.deliver(1);
    await rig.deliver(2);
    await rig.settle(study);
    expect(rig.recordOf(study, 1)).toBeUndefined();
    const [task] = await rig.studies.tasksFor(slot(3));
    await rig.studies.refuse(slot(3), task?.id ?? '', 'POLICY_REFUSED', 'not on a Sunday');
    await rig.settle(study);
    expect(entries(rig, study, 1)).toEqual([
      [1, 1, 0, 100],
      [2, 1, 0, 200],
      [3, 0, 1, 0],
    ]);
    expect((await rig.studies.show(study)).attempts[0]?.tasks[2]).toMatchObject({
      state: 'refused',
      refusal: { code: 'POLICY_REFUSED', message: 'not on a Sunday' },
    });
  });

  test('waits for the slow until its deadline has passed, then goes on with the quorum', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    await rig.deliver(1);
    await rig.deliver(3);
    rig.clock.seconds += 60;
    await rig.settle(study);
    expect(rig.recordOf(study, 1)).toBeUndefined();
    expect(rig.wakes.at(-1)).toEqual({ study, delay: 1 });
    rig.clock.seconds += 1;
    await rig.settle(study);
    expect(entries(rig, study, 1)).toEqual([
      [1, 1, 0, 100],
      [2, 0, 1, 0],
      [3, 1, 0, 300],
    ]);
    const [attempt] = (await rig.studies.show(study)).attempts;
    expect(attempt?.tasks.map(({ state }) => state)).toEqual(['accepted', 'expired', 'accepted']);
  });

  test('asks to be woken for its deadline', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    expect(rig.wakes.at(-1)).toEqual({ study, delay: 61 });
  });

  test('without a quorum is recorded as failed; the next number tries again on the same base', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    await rig.deliver(2);
    rig.clock.seconds += 61;
    await rig.settle(study);
    const record = rig.recordOf(study, 1);
    expect(record).toMatchObject({ outcome: 2, globalModel: record?.baseModel });
    expect(entries(rig, study, 1)).toEqual([
      [1, 0, 1, 0],
      [2, 2, 7, 200],
      [3, 0, 1, 0],
    ]);
    expect(rig.aggregations).toEqual([]);
    rig.clock.seconds += 1;
    await rig.settle(study);
    const shown = await rig.studies.show(study);
    expect(shown).toMatchObject({ state: 'running', completed: 0, model: shown.initialModel });
    expect(shown.attempts[1]).toMatchObject({ round: 2, state: 'collecting', base: record?.baseModel });
    for (const number of [2, 3]) {
      for (const member of [1, 2, 3]) await rig.deliver(member);
      await rig.settle(study);
      expect(rig.recordOf(study, number)?.outcome).toBe(1);
    }
    expect(await rig.studies.show(study)).toMatchObject({ state: 'closed', completed: 2 });
  });

  test('that fails again and again pauses ever longer, and uses the attempts up', async () => {
    const rig = await rigOf({ plan: [['maxAttempts', 3]] });
    const study = await rig.running();
    for (const pause of [1, 2, null]) {
      rig.clock.seconds += 61;
      await rig.settle(study);
      if (pause !== null) expect(rig.wakes.at(-1)).toEqual({ study, delay: pause });
      rig.clock.seconds += pause ?? 0;
      await rig.settle(study);
    }
    expect(await rig.studies.show(study)).toMatchObject({ state: 'closed', completed: 0 });
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 2, lastRound: 3 });
  });

  test('whose aggregate is not finite is recorded as failed', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    for (const member of [1, 2, 3]) await rig.deliver(member, 0);
    await rig.settle(study);
    expect(rig.recordOf(study, 1)).toMatchObject({ outcome: 2 });
    expect(entries(rig, study, 1)).toEqual([1, 2, 3].map((member) => [member, 2, 7, 0]));
    const events = await rig.studies.events(study, 0, 1000);
    expect(events.find(({ type }) => type === 'round.aggregated')?.data).toMatchObject({
      fault: expect.stringContaining('NaN'),
    });
  });

  test('says of the absent whether intake refused them, or they came too late', async () => {
    const rig = await rigOf({ members: 4 });
    const study = await rig.running();
    await rig.deliver(1);
    await rig.deliver(2);
    const refusal = { study, round: 1, type: 'update.refused', at: 1 };
    await rig.db
      .insertInto('events')
      .values([
        { ...refusal, slot: 3, data: JSON.stringify({ code: 'SALT_MISSING' }) },
        { ...refusal, slot: 4, data: JSON.stringify({ code: 'DEADLINE_PASSED' }) },
      ])
      .execute();
    rig.clock.seconds += 61;
    await rig.settle(study);
    expect(entries(rig, study, 1)?.slice(2)).toEqual([
      [3, 0, 2, 0],
      [4, 0, 3, 0],
    ]);
  });
});

describe('a member that loses its standing', () => {
  const ways: readonly [how: string, reason: number, what: (rig: Rig, study: StudyId) => void][] = [
    ['revokes its grant', 4, (rig, study) => rig.ledger.revoke(study, slot(3))],
    ['is suspended', 5, (rig) => rig.ledger.suspend(slot(3))],
    ['loses its key to a thief', 5, (rig) => rig.ledger.compromise(rig.addressOf(3))],
  ];

  test.each(ways)('and %s after its update was accepted is excluded with reason %i', async (_how, reason, what) => {
    const rig = await rigOf();
    const study = await rig.running();
    for (const member of [1, 2, 3]) await rig.deliver(member);
    what(rig, study);
    await rig.settle(study);
    expect(entries(rig, study, 1)).toEqual([
      [1, 1, 0, 100],
      [2, 1, 0, 200],
      [3, 2, reason, 300],
    ]);
    expect(rig.recordOf(study, 1)?.entries[2]?.update).not.toBe(ZERO_DIGEST);
    expect(rig.aggregations.map(({ updates }) => updates.map(({ slot }) => slot))).toEqual([[1, 2]]);
  });

  test.each(ways.slice(0, 2))('and %s before a round opens gets no task in it', async (_how, reason, what) => {
    const rig = await rigOf();
    const study = await rig.open();
    rig.join(study, 1, 2, 3);
    rig.ledger.begin(study);
    what(rig, study);
    await rig.settle(study);
    expect(await rig.studies.tasksFor(slot(3))).toEqual([]);
    for (const member of [1, 2]) await rig.deliver(member);
    await rig.settle(study);
    expect(entries(rig, study, 1)?.[2]).toEqual([3, 0, reason, 0]);
  });

  test('by the clock alone is excluded as well', async () => {
    const rig = await rigOf();
    const study = await rig.open();
    rig.join(study, 1, 2);
    rig.ledger.grantTo(study, slot(3), rig.clock.seconds + 30);
    await rig.settle(study);
    for (const member of [1, 2, 3]) await rig.deliver(member);
    rig.clock.seconds += 30;
    await rig.settle(study);
    expect(entries(rig, study, 1)?.[2]).toEqual([3, 2, 4, 300]);
  });

  test('while its record is on the way sends the round back, and it is recorded without it', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    rig.anchor.stopped = true;
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    expect((await rig.studies.show(study)).attempts[0]).toMatchObject({ state: 'recorded' });
    rig.ledger.revoke(study, slot(3));
    rig.anchor.stopped = false;
    await rig.settle(study);
    expect(entries(rig, study, 1)).toEqual([
      [1, 1, 0, 100],
      [2, 1, 0, 200],
      [3, 2, 4, 300],
    ]);
    expect(rig.aggregations.map(({ updates }) => updates.length)).toEqual([3, 2]);
    const events = await rig.studies.events(study, 0, 1000);
    const refusals = events.filter(({ type }) => type === 'round.refused');
    expect(refusals).toMatchObject([{ slot: 3, data: { error: { name: 'GrantNotLive', args: ['3'] } } }]);
    const rows = await rig.db.selectFrom('outbox').select('state').where('kind', '=', 'record').execute();
    expect(rows).toEqual([{ state: 'final' }]);
  });

  test('is left out on the ledger’s word, though the view of final blocks does not show it yet', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    rig.anchor.stopped = true;
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    const old = await rig.ledger.grant(study, slot(3));
    rig.ledger.revoke(study, slot(3));
    rig.ledger.grant = async () => old;
    rig.anchor.stopped = false;
    await rig.settle(study);
    expect(entries(rig, study, 1)?.[2]).toEqual([3, 2, 4, 300]);
  });

  test('and leaves too few fails the round that was complete', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    rig.anchor.stopped = true;
    for (const member of [1, 2, 3]) await rig.deliver(member);
    await rig.settle(study);
    rig.ledger.revoke(study, slot(2));
    rig.ledger.revoke(study, slot(3));
    rig.anchor.stopped = false;
    await rig.settle(study);
    expect(rig.recordOf(study, 1)).toMatchObject({ outcome: 2 });
    expect(entries(rig, study, 1)).toEqual([
      [1, 2, 7, 100],
      [2, 2, 4, 200],
      [3, 2, 4, 300],
    ]);
  });
});
