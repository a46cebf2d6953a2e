import { describe, expect, test } from '@jest/globals';
import { decodeManifest } from '../../../../core/manifest/Manifest.ts';
import { decodeReceipt } from '../../../../core/statements/documents.ts';
import { digest, slot } from '../../../../core/values.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();

describe('a study', () => {
  test('goes from order to closed, each round on the last one’s model, all of it on chain', async () => {
    const rig = await rigOf();
    const study = await rig.open();
    expect(await rig.studies.show(study)).toMatchObject({ state: 'open', completed: 0, rounds: 2, attempts: [] });
    rig.join(study, 1, 2, 3);
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({
      state: 'running',
      attempts: [{ round: 1, state: 'collecting' }],
    });
    for (const round of [1, 2]) {
      for (const member of [1, 2, 3]) await rig.deliver(member);
      await rig.settle(study);
      expect(rig.recordOf(study, round)).toMatchObject({ round, outcome: 1 });
    }
    const shown = await rig.studies.show(study);
    expect(shown).toMatchObject({ state: 'closed', completed: 2 });
    expect(rig.ledger.studies.get(study)).toMatchObject({ outcome: 1, lastRound: 2, model: shown.model });
    const [first, second] = shown.attempts;
    expect(second?.base).toBe(first?.global);
    expect(first).toMatchObject({ outcome: 1, base: shown.initialModel, block: 4 });
    expect(await rig.studies.unfinished()).toEqual([]);
    expect(await rig.studies.tasksFor(slot(1))).toEqual([]);
    expect(await rig.studies.list()).toMatchObject([{ id: study, state: 'closed', completed: 2, rounds: 2 }]);
  });

  test('records every roster slot, and its manifest says who weighed how much', async () => {
    const rig = await rigOf();
    const study = await rig.running();
    const receipts = await Promise.all([1, 2, 3].map((member) => rig.deliver(member)));
    await rig.settle(study);
    const record = rig.recordOf(study, 1);
    expect(record?.entries.map(({ slot, status, reason, samples }) => [slot, status, reason, samples])).toEqual([
      [1, 1, 0, 100],
      [2, 1, 0, 200],
      [3, 1, 0, 300],
    ]);
    const manifest = decodeManifest(rig.models.bytes(digest(record?.manifest ?? '')));
    expect(manifest).toMatchObject({
      study,
      round: 1,
      outcome: 1,
      baseModel: record?.baseModel,
      globalModel: record?.globalModel,
      opened: 1_000_000,
      deadline: 1_000_060,
      closed: 1_000_000,
    });
    expect(manifest.entries.map(({ weight, receipt }) => [weight, receipt])).toEqual([
      [100, receipts[0]],
      [200, receipts[1]],
      [300, receipts[2]],
    ]);
    for (const [i, receipt] of receipts.entries()) {
      const { message } = decodeReceipt(rig.models.bytes(receipt));
      expect(message).toMatchObject({ update: record?.entries[i]?.update, recordBy: 1_000_060 + 86_400 });
    }
  });

  test('starts by itself only with the grants that the plan waits for', async () => {
    const rig = await rigOf({ plan: [['startAt', 3]] });
    const study = await rig.open();
    rig.join(study, 1, 2);
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({ state: 'open' });
    expect(rig.wakes.at(-1)).toEqual({ study, delay: 1 });
    rig.join(study, 3);
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({ state: 'running' });
  });

  test('goes on waiting when the ledger counts too few grants at its start', async () => {
    const rig = await rigOf();
    const study = await rig.open();
    rig.anchor.stopped = true;
    rig.join(study, 1, 2);
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({ state: 'starting' });
    rig.ledger.revoke(study, slot(2));
    rig.anchor.stopped = false;
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({ state: 'open' });
    rig.join(study, 3);
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({ state: 'running' });
    expect(rig.ledger.studies.get(study)?.started).toBe(true);
  });

  test('runs when its operator started it on chain by itself', async () => {
    const rig = await rigOf({ plan: [['startAt', 3]] });
    const study = await rig.open();
    rig.join(study, 1, 2);
    rig.ledger.begin(study);
    await rig.settle(study);
    expect(await rig.studies.show(study)).toMatchObject({ state: 'running', attempts: [{ state: 'collecting' }] });
  });

  test('is closed as failed when the ledger will not open it', async () => {
    const rig = await rigOf();
    rig.anchor.refuse.set('open', 'UnknownCoordinator');
    const study = await rig.open();
    expect(await rig.studies.show(study)).toMatchObject({ state: 'closed' });
    const events = await rig.studies.events(study, 0, 100);
    expect(events.at(-1)).toMatchObject({ type: 'study.rejected', data: { error: { name: 'UnknownCoordinator' } } });
  });

  test('takes in members that join later from the round after the next record', async () => {
    const rig = await rigOf();
    const study = await rig.open();
    rig.join(study, 1, 2);
    await rig.settle(study);
    rig.join(study, 3);
    expect(await rig.studies.tasksFor(slot(3))).toEqual([]);
    for (const member of [1, 2]) await rig.deliver(member);
    await rig.settle(study);
    expect(rig.recordOf(study, 1)?.entries.map(({ slot }) => slot)).toEqual([1, 2]);
    expect(await rig.studies.tasksFor(slot(3))).toHaveLength(1);
  });
});
