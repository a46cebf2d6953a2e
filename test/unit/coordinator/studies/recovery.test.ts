import { describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { digest, slot } from '../../../../core/values.ts';
import { emptyDatabase, lasting, midRound, slots, threeRounds, useOtherDatabase } from './otherDatabase.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();
useOtherDatabase();

describe('recovering into an empty database', () => {
  test('brings a closed study back as it was: rounds, tasks, metrics, models', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    await rig.deliver(1);
    rig.clock.seconds += 61;
    await rig.settle(study);
    rig.clock.seconds += 2;
    await rig.settle(study);
    for (const _ of [1, 2]) {
      for (const member of [1, 2, 3]) await rig.deliver(member);
      await rig.settle(study);
    }
    const before = await rig.studies.show(study);
    expect(before).toMatchObject({ state: 'closed', completed: 2 });
    expect(before.attempts.map(({ outcome }) => outcome)).toEqual([2, 1, 1]);

    const again = rig.over(await emptyDatabase());
    expect(await again.recover()).toEqual({
      studies: [{ study, name: before.name, state: 'closed', rounds: 3, open: null }],
      unknown: [],
    });
    expect(lasting(await again.studies.show(study))).toEqual(lasting(before));
    await expect(again.studies.checkChain()).resolves.toBeUndefined();
  });

  test('numbers events beyond those that were lost: who follows the study misses none', async () => {
    const rig = await rigOf(threeRounds);
    await sql`SELECT setval(pg_get_serial_sequence('events', 'id'), 500000)`.execute(rig.db);
    const study = await midRound(rig);
    const last = (await rig.studies.events(study, 0, 1000)).at(-1)?.id ?? 0;
    expect(last).toBeGreaterThan(500_000);
    const again = rig.over(await emptyDatabase());
    await again.recover();
    const held = await rig.held(study, 3, 1);
    await again.present(slot(1), [held], true);
    const since = await again.studies.events(study, last, 1000);
    expect(since.map(({ type }) => type)).toContain('update.adopted');
    expect(since).toEqual(await again.studies.events(study, 0, 1000));
  });

  test('waits in the open round for what members hold, keeps its times, and honours every receipt', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const { deadline, opened } = (await rig.studies.show(study)).attempts[2] ?? {};
    const again = rig.over(await emptyDatabase());
    expect(await again.recover()).toMatchObject({ studies: [{ study, state: 'running', rounds: 2, open: 3 }] });
    rig.clock.seconds += 5;
    await again.settle(study);
    expect((await again.studies.show(study)).attempts[2]).toMatchObject({ state: 'open', tasks: [] });

    const held = await rig.held(study, 3, 1);
    expect(await again.present(slot(1), [held], true)).toEqual([{ fault: null, wanted: null }]);
    await again.present(slot(2), [], true);
    await again.settle(study);
    expect(await again.studies.tasksFor(slot(2))).toEqual([]);
    await again.present(slot(3), [], true);
    await again.settle(study);
    const round = (await again.studies.show(study)).attempts[2];
    expect(round).toMatchObject({ state: 'collecting', opened, deadline });
    expect(round?.tasks.map(({ state }) => state)).toEqual(['accepted', 'offered', 'offered']);
    expect(await again.studies.tasksFor(slot(1))).toEqual([]);

    rig.clock.seconds += 61;
    await again.settle(study);
    const entries = rig.recordOf(study, 3)?.entries;
    expect(entries?.map(({ slot: of, update }) => [of, update])).toMatchObject([
      [1, (await rig.studies.show(study)).attempts[2]?.tasks[0]?.update],
      [2, expect.stringMatching(/^0x0+$/)],
      [3, expect.stringMatching(/^0x0+$/)],
    ]);
  });

  test('goes on without members that do not come, on record, and gives the round times of its own', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const again = rig.over(await emptyDatabase());
    await again.recover();
    await again.settle(study);
    rig.clock.seconds += 600;
    await again.settle(study);
    expect((await again.studies.show(study)).attempts[2]).toMatchObject({ state: 'open' });
    rig.clock.seconds += 1;
    await again.settle(study);
    expect((await again.studies.show(study)).attempts[2]).toMatchObject({
      state: 'collecting',
      opened: rig.clock.seconds,
      deadline: rig.clock.seconds + 60,
    });
    const events = await again.studies.events(study, 0, 100);
    expect(events.filter(({ type }) => type === 'receipts.given_up').map((event) => event.slot)).toEqual([1, 2, 3]);
  });

  test('gives the clock of the waiting only to a coordinator that runs', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const again = rig.over(await emptyDatabase());
    await again.recover();
    rig.clock.seconds += 86_400;
    await again.settle(study);
    expect((await again.studies.show(study)).attempts[2]).toMatchObject({ state: 'open' });
  });

  test('opens no round of a study whose rounds are all on chain, and closes it', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    rig.anchor.refuse.set('close', 'NotNow');
    for (const _ of [1, 2]) {
      for (const member of [1, 2, 3]) await rig.deliver(member);
      await rig.settle(study);
    }
    expect(await rig.studies.show(study)).toMatchObject({ state: 'closing' });
    const again = rig.over(await emptyDatabase());
    expect(await again.recover()).toMatchObject({ studies: [{ state: 'running', rounds: 2, open: null }] });
    await again.settle(study);
    expect(await again.studies.show(study)).toMatchObject({ state: 'closed', completed: 2 });
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 1, lastRound: 2 });
  });

  test('takes up a study that is open on chain, or started, without a round', async () => {
    for (const started of [false, true]) {
      const rig = await rigOf();
      const study = started ? await rig.running() : await rig.open();
      const again = rig.over(await emptyDatabase());
      const state = started ? 'running' : 'open';
      expect(await again.recover()).toMatchObject({ studies: [{ state, rounds: 0, open: started ? 1 : null }] });
      rig.join(study, 1, 2, 3);
      for (const member of slots([1, 2, 3])) await again.present(member, [], true);
      await again.settle(study);
      expect(await again.studies.tasksFor(slot(1))).toMatchObject([{ study, round: 1 }]);
    }
  });

  test('leaves a study alone that names this coordinator and whose plan it never had', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const stranger = digest(`0x${'99'.repeat(32)}`);
    const known = rig.ledger.studies.get(study);
    if (known === undefined) throw new Error('no study');
    rig.ledger.studies.set(stranger, { ...known, id: stranger, plan: stranger });
    const again = rig.over(await emptyDatabase());
    expect(await again.recover()).toMatchObject({ studies: [{ study }], unknown: [stranger] });
    expect((await again.studies.list()).map(({ id }) => id)).toEqual([study]);
  });

  test('changes nothing when it is run again, or when nothing was lost', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const again = rig.over(await emptyDatabase());
    await again.recover();
    const once = await again.studies.show(study);
    const events = await again.studies.events(study, 0, 100);
    expect(await again.recover()).toMatchObject({ studies: [{ rounds: 0, open: 3 }] });
    expect(await again.studies.show(study)).toEqual(once);
    expect(await again.studies.events(study, 0, 100)).toEqual(events);
  });

  test('is taken up again wherever it was killed', async () => {
    const rig = await rigOf(threeRounds);
    const study = await midRound(rig);
    const whole = rig.over(await emptyDatabase());
    await whole.recover();
    const want = lasting(await whole.studies.show(study));
    const points = ['study.adopted', 'round.adopted', 'round.adopted', 'study.adopted', 'round.reopened'];
    for (let kill = 1; kill <= points.length; kill++) {
      const db = await emptyDatabase();
      let left = kill;
      const seen: string[] = [];
      const doomed = rig.over(db, (point) => {
        seen.push(point);
        if (--left === 0) throw new Error('killed');
      });
      await expect(doomed.recover()).rejects.toThrow('killed');
      expect(seen).toEqual(points.slice(0, kill));
      const again = rig.over(db);
      if (kill < 3) await expect(again.studies.checkChain()).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
      await again.recover();
      expect(lasting(await again.studies.show(study))).toEqual(want);
    }
  });
});
