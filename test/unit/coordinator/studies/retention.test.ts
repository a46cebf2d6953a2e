import { describe, expect, test } from '@jest/globals';
import { type Digest, digest, type StudyId } from '../../../../core/values.ts';
import type { Rig } from '../../../support/studies/rig.ts';
import { useRigs } from './useRigs.ts';

const rigOf = useRigs();
const DAY = 86_400;
const retained = {
  plan: [
    ['retainDays', 3],
    ['rounds', 1],
  ],
} as const;

/** Runs the one round of a study that is opened and joined by everybody. */
async function finish(rig: Rig, study: StudyId): Promise<void> {
  for (const member of [1, 2, 3]) await rig.deliver(member);
  await rig.settle(study);
}

const updatesOf = (rig: Rig, study: StudyId): Digest[] =>
  rig.recordOf(study, 1)?.entries.map(({ update }) => update) ?? [];

const deletions = async (rig: Rig, study: StudyId) =>
  (await rig.studies.events(study, 0, 1000)).filter(({ type }) => type === 'study.updatesDeleted');

describe('members’ updates', () => {
  test('stay until the study has been closed for retainDays, and go then; everything else stays', async () => {
    const rig = await rigOf(retained);
    const study = await rig.running();
    await finish(rig, study);
    const updates = updatesOf(rig, study);
    expect(new Set(updates).size).toBe(3);
    const [files, shown] = [[...rig.models.files.keys()], await rig.studies.show(study)];
    expect(shown.state).toBe('closed');
    rig.clock.seconds += 3 * DAY - 1;
    await rig.studies.deleteOldUpdates();
    expect([...rig.models.files.keys()]).toEqual(files);
    rig.clock.seconds += 1;
    await rig.studies.deleteOldUpdates();
    expect([...rig.models.files.keys()]).toEqual(files.filter((one) => !updates.includes(one)));
    expect((await deletions(rig, study)).map(({ data }) => data)).toEqual([{ deleted: 3 }]);
    // Their digests stay where they are told.
    expect(await rig.studies.show(study)).toEqual(shown);
    expect(shown.attempts[0]?.tasks.map(({ update }) => update)).toEqual(updates);
  });

  test('of a study that goes on stay, however long ago they came', async () => {
    const rig = await rigOf({ plan: [['retainDays', 0]] });
    const study = await rig.running();
    await finish(rig, study);
    const before = rig.models.files.size;
    rig.clock.seconds += 1000 * DAY;
    await rig.studies.deleteOldUpdates();
    expect(rig.models.files.size).toBe(before);
  });

  test('are deleted once: a second time changes nothing and tells nothing', async () => {
    const rig = await rigOf(retained);
    const study = await rig.running();
    await finish(rig, study);
    rig.clock.seconds += 3 * DAY;
    await Promise.all([rig.studies.deleteOldUpdates(), rig.makeStudies().deleteOldUpdates()]);
    await rig.studies.deleteOldUpdates();
    expect(await deletions(rig, study)).toHaveLength(1);
  });

  test.each(['update.deleted', 'study.updatesDeleted'])(
    'go after a crash at %s as well, and it is told',
    async (point) => {
      const rig = await rigOf(retained);
      const study = await rig.running();
      await finish(rig, study);
      rig.clock.seconds += 3 * DAY;
      const crashing = rig.makeStudies((at) => {
        if (at === point) throw new Error('crashed');
      });
      await expect(crashing.deleteOldUpdates()).rejects.toThrow('crashed');
      await rig.studies.deleteOldUpdates();
      for (const update of updatesOf(rig, study)) expect(await rig.models.size(update)).toBeNull();
      expect(await deletions(rig, study)).toHaveLength(1);
    },
  );

  test('stored but never accepted go too', async () => {
    const rig = await rigOf(retained);
    const study = await rig.running();
    const { id } = await rig.offered(3);
    const { digest: stray } = await rig.models.put([Buffer.from('never accepted')], 100);
    await rig.db
      .insertInto('uploads')
      .values({
        task: id,
        update: stray,
        partial: 'p',
        length: 14,
        statement: stray,
        report: stray,
        state: 'stored',
        touched: 1,
      })
      .execute();
    await finish(rig, study);
    rig.clock.seconds += 3 * DAY;
    await rig.studies.deleteOldUpdates();
    expect(await rig.models.size(stray)).toBeNull();
  });
});

describe('a file that is an update and something else as well', () => {
  test('stays while another study, whose updates are kept, has the same update, and goes with it', async () => {
    const rig = await rigOf(retained);
    const first = await rig.running();
    await finish(rig, first);
    rig.clock.seconds += 2 * DAY;
    const second = await rig.studies.open(rig.order(digest(`0x${'6b'.repeat(32)}`)));
    await rig.settle(second);
    rig.join(second, 1, 2, 3);
    await rig.settle(second);
    await finish(rig, second);
    expect(updatesOf(rig, second)).toEqual(updatesOf(rig, first));
    const stored = async () =>
      (await Promise.all(updatesOf(rig, first).map((one) => rig.models.size(one)))).map(Boolean);
    rig.clock.seconds += 2 * DAY;
    await rig.studies.deleteOldUpdates();
    expect(await stored()).toEqual(new Array(3).fill(true));
    rig.clock.seconds += DAY;
    await rig.studies.deleteOldUpdates();
    expect(await stored()).toEqual(new Array(3).fill(false));
  });

  test('stays for ever as a model, a manifest or a receipt', async () => {
    const rig = await rigOf(retained);
    const study = await rig.running();
    await finish(rig, study);
    const [base_model, manifest, receipt] = updatesOf(rig, study) as [Digest, Digest, Digest];
    await rig.db.updateTable('rounds').set({ base_model, manifest }).execute();
    await rig.db.updateTable('tasks').set({ receipt }).where('slot', '=', 1).execute();
    rig.clock.seconds += 3 * DAY;
    await rig.studies.deleteOldUpdates();
    for (const one of [base_model, manifest, receipt]) expect(await rig.models.size(one)).not.toBeNull();
    expect((await deletions(rig, study)).map(({ data }) => data)).toEqual([{ deleted: 0 }]);
  });
});
